import { ownValue } from '../own.ts'
import type { KubeObject } from '../types.ts'
import { ageColumn, type Column, column, describedColumn, nameColumn } from './types.ts'

/** Source of all: kubernetes pkg/printers/internalversion/printers.go. */

export const storageClassColumns: readonly Column[] = [
  { ...nameColumn, cell: nameOfClass },
  describedColumn('Provisioner', 'storage.v1.StorageClass.provisioner', object =>
    text(object.provisioner),
  ),
  describedColumn('ReclaimPolicy', 'storage.v1.StorageClass.reclaimPolicy', object =>
    text(object.reclaimPolicy, 'Delete'),
  ),
  // With the blanks that a description of the schema has no more.
  column(
    'VolumeBindingMode',
    object => text(object.volumeBindingMode, 'Immediate'),
    'volumeBindingMode indicates how PersistentVolumeClaims should be provisioned and bound.  ' +
      'When unset, VolumeBindingImmediate is used. This field is only honored by servers that ' +
      'enable the VolumeScheduling feature.',
  ),
  describedColumn(
    'AllowVolumeExpansion',
    'storage.v1.StorageClass.allowVolumeExpansion',
    object => object.allowVolumeExpansion ?? false,
  ),
  ageColumn,
]

const defaultMarks = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]

/** Source: pkg/apis/storage/util/helpers.go IsDefaultAnnotation. */
function nameOfClass({ metadata }: KubeObject): string {
  const isDefault = defaultMarks.some(mark => ownValue(metadata.annotations, mark) === 'true')
  return `${metadata.name}${isDefault ? ' (default)' : ''}`
}

function text(value: unknown, none = ''): string {
  return typeof value === 'string' ? value : none
}

/** The schema's texts have lost the breaks of their lines. Source: storage v1 CSIDriverSpec. */
const driverTexts = {
  attachRequired:
    'attachRequired indicates this CSI volume driver requires an attach operation (because ' +
    'it implements the CSI ControllerPublishVolume() method), and that the Kubernetes ' +
    'attach detach controller should call the attach volume interface which checks the ' +
    'volumeattachment status and waits until the volume is attached before proceeding to ' +
    'mounting. The CSI external-attacher coordinates with CSI volume driver and updates ' +
    'the volumeattachment status when the attach operation is complete. If the value is ' +
    'specified to false, the attach operation will be skipped. Otherwise the attach ' +
    'operation will be called.\n\nThis field is immutable.',
  podInfoOnMount:
    'podInfoOnMount indicates this CSI volume driver requires additional pod information ' +
    '(like podName, podUID, etc.) during mount operations, if set to true. If set to ' +
    'false, pod information will not be passed on mount. Default is false.\n\nThe CSI ' +
    'driver specifies podInfoOnMount as part of driver deployment. If true, Kubelet will ' +
    'pass pod information as VolumeContext in the CSI NodePublishVolume() calls. The CSI ' +
    'driver is responsible for parsing and validating the information passed in as ' +
    'VolumeContext.\n\nThe following VolumeContext will be passed if podInfoOnMount is set ' +
    'to true. This list might grow, but the prefix will be used. ' +
    '"csi.storage.k8s.io/pod.name": pod.Name "csi.storage.k8s.io/pod.namespace": ' +
    'pod.Namespace "csi.storage.k8s.io/pod.uid": string(pod.UID) ' +
    '"csi.storage.k8s.io/ephemeral": "true" if the volume is an ephemeral inline ' +
    'volume\n                                defined by a CSIVolumeSource, otherwise ' +
    '"false"\n\n"csi.storage.k8s.io/ephemeral" is a new feature in Kubernetes 1.16. It is ' +
    'only required for drivers which support both the "Persistent" and "Ephemeral" ' +
    'VolumeLifecycleMode. Other drivers can leave pod info disabled and/or ignore this ' +
    "field. As Kubernetes 1.15 doesn't support this field, drivers can only support one " +
    'mode when deployed on such a cluster and the deployment determines which mode that ' +
    'is, for example via a command line parameter of the driver.\n\nThis field was ' +
    'immutable in Kubernetes < 1.29 and now is mutable.',
  storageCapacity:
    'storageCapacity indicates that the CSI volume driver wants pod scheduling to consider ' +
    'the storage capacity that the driver deployment will report by creating ' +
    'CSIStorageCapacity objects with capacity information, if set to true.\n\nThe check ' +
    'can be enabled immediately when deploying a driver. In that case, provisioning new ' +
    'volumes with late binding will pause until the driver deployment has published some ' +
    'suitable CSIStorageCapacity object.\n\nAlternatively, the driver can be deployed with ' +
    'the field unset or false and it can be flipped later when storage capacity ' +
    'information has been published.\n\nThis field was immutable in Kubernetes <= 1.22 and ' +
    'now is mutable.',
  tokenRequests:
    "tokenRequests indicates the CSI driver needs pods' service account tokens it is " +
    'mounting volume for to do necessary authentication. Kubelet will pass the tokens in ' +
    'VolumeContext in the CSI NodePublishVolume calls. The CSI driver should parse and ' +
    'validate the following VolumeContext: "csi.storage.k8s.io/serviceAccount.tokens": ' +
    '{\n  "<audience>": {\n    "token": <token>,\n    "expirationTimestamp": <expiration ' +
    'timestamp in RFC3339>,\n  },\n  ...\n}\n\nNote: Audience in each TokenRequest should ' +
    'be different and at most one token is empty string. To receive a new token after ' +
    'expiry, RequiresRepublish can be used to trigger NodePublishVolume periodically.',
  requiresRepublish:
    'requiresRepublish indicates the CSI driver wants `NodePublishVolume` being ' +
    'periodically called to reflect any possible change in the mounted volume. This field ' +
    'defaults to false.\n\nNote: After a successful initial NodePublishVolume call, ' +
    'subsequent calls to NodePublishVolume should only update the contents of the volume. ' +
    'New mount points will not be seen by a running container.',
  volumeLifecycleModes:
    'volumeLifecycleModes defines what kind of volumes this CSI volume driver supports. ' +
    'The default if the list is empty is "Persistent", which is the usage defined by the ' +
    'CSI specification and implemented in Kubernetes via the usual PV/PVC ' +
    'mechanism.\n\nThe other mode is "Ephemeral". In this mode, volumes are defined inline ' +
    'inside the pod spec with CSIVolumeSource and their lifecycle is tied to the lifecycle ' +
    'of that pod. A driver has to be aware of this because it is only going to get a ' +
    'NodePublishVolume call for such a volume.\n\nFor more information about implementing ' +
    'this mode, see https://kubernetes-csi.github.io/docs/ephemeral-local-volumes.html A ' +
    'driver can support one or more of these modes and more modes may be added in the ' +
    'future.\n\nThis field is beta. This field is immutable.',
} as const

export const csiDriverColumns: readonly Column[] = [
  nameColumn,
  driverColumn('AttachRequired', 'attachRequired', spec => spec.attachRequired ?? true, 'boolean'),
  driverColumn('PodInfoOnMount', 'podInfoOnMount', spec => spec.podInfoOnMount ?? false, 'boolean'),
  driverColumn(
    'StorageCapacity',
    'storageCapacity',
    spec => spec.storageCapacity ?? false,
    'boolean',
  ),
  driverColumn('TokenRequests', 'tokenRequests', spec =>
    spec.tokenRequests === undefined
      ? '<unset>'
      : spec.tokenRequests.map((one: { audience?: string }) => one.audience ?? '').join(','),
  ),
  driverColumn(
    'RequiresRepublish',
    'requiresRepublish',
    spec => spec.requiresRepublish ?? false,
    'boolean',
  ),
  driverColumn(
    'Modes',
    'volumeLifecycleModes',
    spec => (spec.volumeLifecycleModes ?? []).join(',') || '<none>',
  ),
  ageColumn,
]

function driverColumn(
  name: string,
  field: keyof typeof driverTexts,
  cell: (spec: KubeObject['spec']) => ReturnType<Column['cell']>,
  type: Column['type'] = 'string',
): Column {
  return column(name, object => cell(object.spec ?? {}), driverTexts[field], type)
}

export const csiNodeColumns: readonly Column[] = [
  nameColumn,
  column(
    'Drivers',
    ({ spec }) => spec?.drivers?.length ?? 0,
    'Drivers indicates the number of CSI drivers registered on the node',
    'integer',
  ),
  ageColumn,
]

export const volumeAttachmentColumns: readonly Column[] = [
  nameColumn,
  {
    ...column('Attacher', ({ spec }) => text(spec?.attacher), ''),
    format: 'name',
    description:
      'attacher indicates the name of the volume driver that MUST handle this request. This is ' +
      'the name returned by GetPluginName().',
  },
  describedColumn('PV', 'storage.v1.VolumeAttachmentSource.persistentVolumeName', ({ spec }) =>
    text(spec?.source?.persistentVolumeName),
  ),
  describedColumn('Node', 'storage.v1.VolumeAttachmentSpec.nodeName', ({ spec }) =>
    text(spec?.nodeName),
  ),
  describedColumn(
    'Attached',
    'storage.v1.VolumeAttachmentStatus.attached',
    ({ status }) => status?.attached ?? false,
    'boolean',
  ),
  ageColumn,
]

export const volumeAttributesClassColumns: readonly Column[] = [
  nameColumn,
  describedColumn('DriverName', 'storage.v1.VolumeAttributesClass.driverName', object =>
    text(object.driverName),
  ),
  ageColumn,
]
