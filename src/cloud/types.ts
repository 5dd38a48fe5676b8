import type { LoadBalancerIngress, Node, Service } from '../api/objects.ts'

/** What a cloud can do for a cluster. Source: k8s.io/cloud-provider Interface. */
export interface CloudProvider {
  /** `aws`, `azure`, `gce`, ...: the scheme of spec.providerID. */
  readonly name: string
  /** False when the machine behind a node is gone for good. */
  instanceExists(node: Node): Promise<boolean>
  /** Makes or updates a load balancer; returns where it is reached. */
  ensureLoadBalancer(service: Service, nodes: readonly Node[]): Promise<LoadBalancerIngress[]>
  ensureLoadBalancerDeleted(service: Service): Promise<void>
}
