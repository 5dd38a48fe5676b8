/**
 * What Go's declarations of the types say beyond their protobuf form, for JSON and its errors
 * depend on it. `group/version Type`, then its fields (lines that begin with blanks go on): `*` is
 * a pointer, whose zero was meant; `!` is written even when it is empty; `=v1.Name` and `~v1.Name`
 * are the named type of the field and of its items. Facts as of Kubernetes 1.35.4; nothing at run
 * time reads this: the generator does.
 */
export const goFacts = `
admission/v1 AdmissionRequest uid!=types.UID kind! resource! requestKind* requestResource*
  operation!=v1.Operation userInfo! object! oldObject! dryRun* options!
admission/v1 AdmissionResponse uid!=types.UID allowed! status* patchType*=v1.PatchType
admission/v1 AdmissionReview request* response*
admissionregistration/v1 AuditAnnotation key! valueExpression!
admissionregistration/v1 ExpressionWarning fieldRef! warning!
admissionregistration/v1 MatchCondition name! expression!
admissionregistration/v1 MatchResources namespaceSelector* objectSelector*
  matchPolicy*=v1.MatchPolicyType
admissionregistration/v1 MutatingWebhook name! clientConfig! failurePolicy*=v1.FailurePolicyType
  matchPolicy*=v1.MatchPolicyType namespaceSelector* objectSelector*
  sideEffects*!=v1.SideEffectClass timeoutSeconds* admissionReviewVersions!
  reinvocationPolicy*=v1.ReinvocationPolicyType
admissionregistration/v1 MutatingWebhookConfiguration metadata!
admissionregistration/v1 MutatingWebhookConfigurationList metadata! items!
admissionregistration/v1 ParamRef selector*
  parameterNotFoundAction*=v1.ParameterNotFoundActionType
admissionregistration/v1 Rule scope*=v1.ScopeType
admissionregistration/v1 RuleWithOperations operations~v1.OperationType
admissionregistration/v1 ServiceReference namespace! name! path* port*
admissionregistration/v1 ValidatingAdmissionPolicy metadata! spec! status!
admissionregistration/v1 ValidatingAdmissionPolicyBinding metadata! spec!
admissionregistration/v1 ValidatingAdmissionPolicyBindingList metadata! items!
admissionregistration/v1 ValidatingAdmissionPolicyBindingSpec paramRef* matchResources*
  validationActions~v1.ValidationAction
admissionregistration/v1 ValidatingAdmissionPolicyList metadata! items!
admissionregistration/v1 ValidatingAdmissionPolicySpec paramKind* matchConstraints*
  failurePolicy*=v1.FailurePolicyType
admissionregistration/v1 ValidatingAdmissionPolicyStatus typeChecking*
admissionregistration/v1 ValidatingWebhook name! clientConfig! failurePolicy*=v1.FailurePolicyType
  matchPolicy*=v1.MatchPolicyType namespaceSelector* objectSelector*
  sideEffects*!=v1.SideEffectClass timeoutSeconds* admissionReviewVersions!
admissionregistration/v1 ValidatingWebhookConfiguration metadata!
admissionregistration/v1 ValidatingWebhookConfigurationList metadata! items!
admissionregistration/v1 Validation expression! reason*=v1.StatusReason
admissionregistration/v1 Variable name! expression!
admissionregistration/v1 WebhookClientConfig url* service*
admissionregistration/v1beta1 AuditAnnotation key! valueExpression!
admissionregistration/v1beta1 ExpressionWarning fieldRef! warning!
admissionregistration/v1beta1 MatchCondition name! expression!
admissionregistration/v1beta1 MatchResources namespaceSelector* objectSelector*
  matchPolicy*=v1beta1.MatchPolicyType
admissionregistration/v1beta1 MutatingAdmissionPolicy metadata! spec!
admissionregistration/v1beta1 MutatingAdmissionPolicyBinding metadata! spec!
admissionregistration/v1beta1 MutatingAdmissionPolicyBindingList metadata! items!
admissionregistration/v1beta1 MutatingAdmissionPolicyBindingSpec paramRef* matchResources*
admissionregistration/v1beta1 MutatingAdmissionPolicyList metadata! items!
admissionregistration/v1beta1 MutatingAdmissionPolicySpec paramKind* matchConstraints*
  failurePolicy*=v1beta1.FailurePolicyType reinvocationPolicy=v1beta1.ReinvocationPolicyType
admissionregistration/v1beta1 MutatingWebhook name! clientConfig! rules~v1beta1.RuleWithOperations
  failurePolicy*=v1beta1.FailurePolicyType matchPolicy*=v1beta1.MatchPolicyType namespaceSelector*
  objectSelector* sideEffects*=v1beta1.SideEffectClass timeoutSeconds*
  reinvocationPolicy*=v1beta1.ReinvocationPolicyType
admissionregistration/v1beta1 MutatingWebhookConfiguration metadata!
admissionregistration/v1beta1 MutatingWebhookConfigurationList metadata! items!
admissionregistration/v1beta1 Mutation patchType!=v1beta1.PatchType applyConfiguration* jsonPatch*
admissionregistration/v1beta1 ParamRef selector*
  parameterNotFoundAction*=v1beta1.ParameterNotFoundActionType
admissionregistration/v1beta1 ServiceReference namespace! name! path* port*
admissionregistration/v1beta1 ValidatingAdmissionPolicy metadata! spec! status!
admissionregistration/v1beta1 ValidatingAdmissionPolicyBinding metadata! spec!
admissionregistration/v1beta1 ValidatingAdmissionPolicyBindingList metadata! items!
admissionregistration/v1beta1 ValidatingAdmissionPolicyBindingSpec paramRef* matchResources*
  validationActions~v1beta1.ValidationAction
admissionregistration/v1beta1 ValidatingAdmissionPolicyList metadata! items!
admissionregistration/v1beta1 ValidatingAdmissionPolicySpec paramKind* matchConstraints*
  failurePolicy*=v1beta1.FailurePolicyType
admissionregistration/v1beta1 ValidatingAdmissionPolicyStatus typeChecking*
admissionregistration/v1beta1 ValidatingWebhook name! clientConfig!
  rules~v1beta1.RuleWithOperations failurePolicy*=v1beta1.FailurePolicyType
  matchPolicy*=v1beta1.MatchPolicyType namespaceSelector* objectSelector*
  sideEffects*=v1beta1.SideEffectClass timeoutSeconds*
admissionregistration/v1beta1 ValidatingWebhookConfiguration metadata!
admissionregistration/v1beta1 ValidatingWebhookConfigurationList metadata! items!
admissionregistration/v1beta1 Validation expression! reason*=v1.StatusReason
admissionregistration/v1beta1 Variable name! expression!
admissionregistration/v1beta1 WebhookClientConfig url* service*
apidiscovery/v2 APIGroupDiscovery metadata!
apidiscovery/v2 APIGroupDiscoveryList metadata! items!
apidiscovery/v2 APIResourceDiscovery resource! responseKind* scope!=v2.ResourceScope
  singularResource! verbs!
apidiscovery/v2 APISubresourceDiscovery subresource! responseKind* verbs!
apidiscovery/v2 APIVersionDiscovery version! freshness=v2.DiscoveryFreshness
apidiscovery/v2beta1 APIGroupDiscovery metadata!
apidiscovery/v2beta1 APIGroupDiscoveryList metadata! items!
apidiscovery/v2beta1 APIResourceDiscovery resource! responseKind* scope!=v2beta1.ResourceScope
  singularResource! verbs!
apidiscovery/v2beta1 APISubresourceDiscovery subresource! responseKind* verbs!
apidiscovery/v2beta1 APIVersionDiscovery version! freshness=v2beta1.DiscoveryFreshness
apps/v1 ControllerRevision metadata! data! revision!
apps/v1 ControllerRevisionList metadata! items!
apps/v1 DaemonSet metadata! spec! status!
apps/v1 DaemonSetCondition type!=v1.DaemonSetConditionType status!=v1.ConditionStatus
  lastTransitionTime!
apps/v1 DaemonSetList metadata! items!
apps/v1 DaemonSetSpec selector*! template! updateStrategy! revisionHistoryLimit*
apps/v1 DaemonSetStatus currentNumberScheduled! numberMisscheduled! desiredNumberScheduled!
  numberReady! collisionCount*
apps/v1 DaemonSetUpdateStrategy type=v1.DaemonSetUpdateStrategyType rollingUpdate*
apps/v1 Deployment metadata! spec! status!
apps/v1 DeploymentCondition type!=v1.DeploymentConditionType status!=v1.ConditionStatus
  lastUpdateTime! lastTransitionTime!
apps/v1 DeploymentList metadata! items!
apps/v1 DeploymentSpec replicas* selector*! template! strategy! revisionHistoryLimit*
  progressDeadlineSeconds*
apps/v1 DeploymentStatus terminatingReplicas* collisionCount*
apps/v1 DeploymentStrategy type=v1.DeploymentStrategyType rollingUpdate*
apps/v1 ReplicaSet metadata! spec! status!
apps/v1 ReplicaSetCondition type!=v1.ReplicaSetConditionType status!=v1.ConditionStatus
  lastTransitionTime!
apps/v1 ReplicaSetList metadata! items!
apps/v1 ReplicaSetSpec replicas* selector*! template!
apps/v1 ReplicaSetStatus replicas! terminatingReplicas*
apps/v1 RollingUpdateDaemonSet maxUnavailable* maxSurge*
apps/v1 RollingUpdateDeployment maxUnavailable* maxSurge*
apps/v1 RollingUpdateStatefulSetStrategy partition* maxUnavailable*
apps/v1 StatefulSet metadata! spec! status!
apps/v1 StatefulSetCondition type!=v1.StatefulSetConditionType status!=v1.ConditionStatus
  lastTransitionTime!
apps/v1 StatefulSetList metadata! items!
apps/v1 StatefulSetOrdinals start!
apps/v1 StatefulSetPersistentVolumeClaimRetentionPolicy
  whenDeleted=v1.PersistentVolumeClaimRetentionPolicyType
  whenScaled=v1.PersistentVolumeClaimRetentionPolicyType
apps/v1 StatefulSetSpec replicas* selector*! template! serviceName!
  podManagementPolicy=v1.PodManagementPolicyType updateStrategy! revisionHistoryLimit*
  persistentVolumeClaimRetentionPolicy* ordinals*
apps/v1 StatefulSetStatus replicas! collisionCount* availableReplicas!
apps/v1 StatefulSetUpdateStrategy type=v1.StatefulSetUpdateStrategyType rollingUpdate*
authentication/v1 BoundObjectReference uid=types.UID
authentication/v1 SelfSubjectReview metadata! status!
authentication/v1 SelfSubjectReviewStatus userInfo!
authentication/v1 TokenRequest metadata! spec! status!
authentication/v1 TokenRequestSpec audiences! expirationSeconds*! boundObjectRef*!
authentication/v1 TokenRequestStatus token! expirationTimestamp!
authentication/v1 TokenReview metadata! spec! status!
authentication/v1 TokenReviewStatus user!
authentication/v1 UserInfo extra~v1.ExtraValue
authorization/v1 LocalSubjectAccessReview metadata! spec! status!
authorization/v1 NonResourceRule verbs!
authorization/v1 ResourceAttributes fieldSelector* labelSelector*
authorization/v1 ResourceRule verbs!
authorization/v1 SelfSubjectAccessReview metadata! spec! status!
authorization/v1 SelfSubjectAccessReviewSpec resourceAttributes* nonResourceAttributes*
authorization/v1 SelfSubjectRulesReview metadata! spec! status!
authorization/v1 SubjectAccessReview metadata! spec! status!
authorization/v1 SubjectAccessReviewSpec resourceAttributes* nonResourceAttributes*
  extra~v1.ExtraValue
authorization/v1 SubjectAccessReviewStatus allowed!
authorization/v1 SubjectRulesReviewStatus resourceRules! nonResourceRules! incomplete!
autoscaling/v1 ContainerResourceMetricSource name!=v1.ResourceName targetAverageUtilization*
  targetAverageValue* container!
autoscaling/v1 ContainerResourceMetricStatus name!=v1.ResourceName currentAverageUtilization*
  currentAverageValue! container!
autoscaling/v1 CrossVersionObjectReference kind! name!
autoscaling/v1 ExternalMetricSource metricName! metricSelector* targetValue* targetAverageValue*
autoscaling/v1 ExternalMetricStatus metricName! metricSelector* currentValue! currentAverageValue*
autoscaling/v1 HorizontalPodAutoscaler metadata! spec! status!
autoscaling/v1 HorizontalPodAutoscalerCondition type!=v1.HorizontalPodAutoscalerConditionType
  status!=v1.ConditionStatus lastTransitionTime!
autoscaling/v1 HorizontalPodAutoscalerList metadata! items!
autoscaling/v1 HorizontalPodAutoscalerSpec scaleTargetRef! minReplicas* maxReplicas!
  targetCPUUtilizationPercentage*
autoscaling/v1 HorizontalPodAutoscalerStatus observedGeneration* lastScaleTime* currentReplicas!
  desiredReplicas! currentCPUUtilizationPercentage*
autoscaling/v1 MetricSpec type!=v1.MetricSourceType object* pods* resource* containerResource*
  external*
autoscaling/v1 MetricStatus type!=v1.MetricSourceType object* pods* resource* containerResource*
  external*
autoscaling/v1 ObjectMetricSource target! metricName! targetValue! selector* averageValue*
autoscaling/v1 ObjectMetricStatus target! metricName! currentValue! selector* averageValue*
autoscaling/v1 PodsMetricSource metricName! targetAverageValue! selector*
autoscaling/v1 PodsMetricStatus metricName! currentAverageValue! selector*
autoscaling/v1 ResourceMetricSource name!=v1.ResourceName targetAverageUtilization*
  targetAverageValue*
autoscaling/v1 ResourceMetricStatus name!=v1.ResourceName currentAverageUtilization*
  currentAverageValue!
autoscaling/v1 Scale metadata! spec! status!
autoscaling/v1 ScaleStatus replicas!
autoscaling/v2 ContainerResourceMetricSource name!=v1.ResourceName target! container!
autoscaling/v2 ContainerResourceMetricStatus name!=v1.ResourceName current! container!
autoscaling/v2 CrossVersionObjectReference kind! name!
autoscaling/v2 ExternalMetricSource metric! target!
autoscaling/v2 ExternalMetricStatus metric! current!
autoscaling/v2 HPAScalingPolicy type!=v2.HPAScalingPolicyType value! periodSeconds!
autoscaling/v2 HPAScalingRules stabilizationWindowSeconds* selectPolicy*=v2.ScalingPolicySelect
  tolerance*
autoscaling/v2 HorizontalPodAutoscaler metadata! spec! status!
autoscaling/v2 HorizontalPodAutoscalerBehavior scaleUp* scaleDown*
autoscaling/v2 HorizontalPodAutoscalerCondition type!=v2.HorizontalPodAutoscalerConditionType
  status!=v1.ConditionStatus lastTransitionTime!
autoscaling/v2 HorizontalPodAutoscalerList metadata! items!
autoscaling/v2 HorizontalPodAutoscalerSpec scaleTargetRef! minReplicas* maxReplicas! behavior*
autoscaling/v2 HorizontalPodAutoscalerStatus observedGeneration* lastScaleTime* desiredReplicas!
  currentMetrics!
autoscaling/v2 MetricIdentifier name! selector*
autoscaling/v2 MetricSpec type!=v2.MetricSourceType object* pods* resource* containerResource*
  external*
autoscaling/v2 MetricStatus type!=v2.MetricSourceType object* pods* resource* containerResource*
  external*
autoscaling/v2 MetricTarget type!=v2.MetricTargetType value* averageValue* averageUtilization*
autoscaling/v2 MetricValueStatus value* averageValue* averageUtilization*
autoscaling/v2 ObjectMetricSource describedObject! target! metric!
autoscaling/v2 ObjectMetricStatus metric! current! describedObject!
autoscaling/v2 PodsMetricSource metric! target!
autoscaling/v2 PodsMetricStatus metric! current!
autoscaling/v2 ResourceMetricSource name!=v1.ResourceName target!
autoscaling/v2 ResourceMetricStatus name!=v1.ResourceName current!
batch/v1 CronJob metadata! spec! status!
batch/v1 CronJobList metadata! items!
batch/v1 CronJobSpec schedule! timeZone* startingDeadlineSeconds*
  concurrencyPolicy=v1.ConcurrencyPolicy suspend* jobTemplate! successfulJobsHistoryLimit*
  failedJobsHistoryLimit*
batch/v1 CronJobStatus lastScheduleTime* lastSuccessfulTime*
batch/v1 Job metadata! spec! status!
batch/v1 JobCondition type!=v1.JobConditionType status!=v1.ConditionStatus lastProbeTime!
  lastTransitionTime!
batch/v1 JobList metadata! items!
batch/v1 JobSpec parallelism* completions* activeDeadlineSeconds* podFailurePolicy* successPolicy*
  backoffLimit* backoffLimitPerIndex* maxFailedIndexes* selector* manualSelector* template!
  ttlSecondsAfterFinished* completionMode*=v1.CompletionMode suspend*
  podReplacementPolicy*=v1.PodReplacementPolicy managedBy*
batch/v1 JobStatus startTime* completionTime* terminating* failedIndexes* uncountedTerminatedPods*
  ready*
batch/v1 JobTemplateSpec metadata! spec!
batch/v1 PodFailurePolicy rules!
batch/v1 PodFailurePolicyOnExitCodesRequirement containerName*
  operator!=v1.PodFailurePolicyOnExitCodesOperator values!
batch/v1 PodFailurePolicyOnPodConditionsPattern type!=v1.PodConditionType
  status!=v1.ConditionStatus
batch/v1 PodFailurePolicyRule action!=v1.PodFailurePolicyAction onExitCodes*
batch/v1 SuccessPolicy rules!
batch/v1 SuccessPolicyRule succeededIndexes* succeededCount*
batch/v1 UncountedTerminatedPods succeeded~types.UID failed~types.UID
certificates/v1 CertificateSigningRequest metadata! spec! status!
certificates/v1 CertificateSigningRequestCondition type!=v1.RequestConditionType
  status!=v1.ConditionStatus lastUpdateTime! lastTransitionTime!
certificates/v1 CertificateSigningRequestList metadata! items!
certificates/v1 CertificateSigningRequestSpec request! signerName! expirationSeconds*
  usages~v1.KeyUsage extra~v1.ExtraValue
coordination/v1 Lease metadata! spec!
coordination/v1 LeaseList metadata! items!
coordination/v1 LeaseSpec holderIdentity* leaseDurationSeconds* acquireTime* renewTime*
  leaseTransitions* strategy*=v1.CoordinatedLeaseStrategy preferredHolder*
core/v1 AWSElasticBlockStoreVolumeSource volumeID!
core/v1 Affinity nodeAffinity* podAffinity* podAntiAffinity*
core/v1 AppArmorProfile type!=v1.AppArmorProfileType localhostProfile*
core/v1 AttachedVolume name!=v1.UniqueVolumeName devicePath!
core/v1 AzureDiskVolumeSource diskName! diskURI! cachingMode*=v1.AzureDataDiskCachingMode fsType*
  readOnly* kind*=v1.AzureDataDiskKind
core/v1 AzureFilePersistentVolumeSource secretName! shareName! secretNamespace*!
core/v1 AzureFileVolumeSource secretName! shareName!
core/v1 Binding metadata! target!
core/v1 CSIPersistentVolumeSource driver! volumeHandle! controllerPublishSecretRef*
  nodeStageSecretRef* nodePublishSecretRef* controllerExpandSecretRef* nodeExpandSecretRef*
core/v1 CSIVolumeSource driver! readOnly* fsType* nodePublishSecretRef*
core/v1 Capabilities add~v1.Capability drop~v1.Capability
core/v1 CephFSPersistentVolumeSource monitors! secretRef*
core/v1 CephFSVolumeSource monitors! secretRef*
core/v1 CinderPersistentVolumeSource volumeID! secretRef*
core/v1 CinderVolumeSource volumeID! secretRef*
core/v1 ClientIPConfig timeoutSeconds*
core/v1 ClusterTrustBundleProjection name* signerName* labelSelector* optional* path!
core/v1 ComponentCondition type!=v1.ComponentConditionType status!=v1.ConditionStatus
core/v1 ComponentStatus metadata!
core/v1 ComponentStatusList metadata! items!
core/v1 ConfigMap metadata! immutable*
core/v1 ConfigMapEnvSource optional*
core/v1 ConfigMapKeySelector key! optional*
core/v1 ConfigMapList metadata! items!
core/v1 ConfigMapNodeConfigSource namespace! name! uid=types.UID kubeletConfigKey!
core/v1 ConfigMapProjection optional*
core/v1 ConfigMapVolumeSource defaultMode* optional*
core/v1 Container name! resources! restartPolicy*=v1.ContainerRestartPolicy livenessProbe*
  readinessProbe* startupProbe* lifecycle* terminationMessagePolicy=v1.TerminationMessagePolicy
  imagePullPolicy=v1.PullPolicy securityContext*
core/v1 ContainerExtendedResourceRequest containerName! resourceName! requestName!
core/v1 ContainerImage names!
core/v1 ContainerPort containerPort! protocol=v1.Protocol
core/v1 ContainerResizePolicy resourceName!=v1.ResourceName
  restartPolicy!=v1.ResourceResizeRestartPolicy
core/v1 ContainerRestartRule action=v1.ContainerRestartRuleAction exitCodes*
core/v1 ContainerRestartRuleOnExitCodes operator=v1.ContainerRestartRuleOnExitCodesOperator
core/v1 ContainerState waiting* running* terminated*
core/v1 ContainerStateRunning startedAt!
core/v1 ContainerStateTerminated exitCode! startedAt! finishedAt!
core/v1 ContainerStatus name! state! lastState! ready! restartCount! image! imageID! started*
  allocatedResources=v1.ResourceList resources* user* stopSignal*=v1.Signal
core/v1 ContainerUser linux*
core/v1 DaemonEndpoint Port!
core/v1 DownwardAPIVolumeFile path! fieldRef* resourceFieldRef* mode*
core/v1 DownwardAPIVolumeSource defaultMode*
core/v1 EmptyDirVolumeSource medium=v1.StorageMedium sizeLimit*
core/v1 EndpointAddress ip! nodeName* targetRef*
core/v1 EndpointPort port! protocol=v1.Protocol appProtocol*
core/v1 Endpoints metadata!
core/v1 EndpointsList metadata! items!
core/v1 EnvFromSource configMapRef* secretRef*
core/v1 EnvVar name! valueFrom*
core/v1 EnvVarSource fieldRef* resourceFieldRef* configMapKeyRef* secretKeyRef* fileKeyRef*
core/v1 EphemeralContainerCommon name! resources! restartPolicy*=v1.ContainerRestartPolicy
  livenessProbe* readinessProbe* startupProbe* lifecycle*
  terminationMessagePolicy=v1.TerminationMessagePolicy imagePullPolicy=v1.PullPolicy
  securityContext*
core/v1 EphemeralVolumeSource volumeClaimTemplate*
core/v1 Event metadata! involvedObject! source! firstTimestamp! lastTimestamp! eventTime! series*
  related* reportingComponent! reportingInstance!
core/v1 EventList metadata! items!
core/v1 EventSeries lastObservedTime!
core/v1 FCVolumeSource lun*
core/v1 FileKeySelector volumeName! path! key! optional*
core/v1 FlexPersistentVolumeSource driver! secretRef*
core/v1 FlexVolumeSource driver! secretRef*
core/v1 GCEPersistentDiskVolumeSource pdName!
core/v1 GRPCAction port! service*!
core/v1 GitRepoVolumeSource repository!
core/v1 GlusterfsPersistentVolumeSource endpoints! path! endpointsNamespace*
core/v1 GlusterfsVolumeSource endpoints! path!
core/v1 HTTPGetAction port! scheme=v1.URIScheme
core/v1 HTTPHeader name! value!
core/v1 HostAlias ip!
core/v1 HostIP ip!
core/v1 HostPathVolumeSource path! type*=v1.HostPathType
core/v1 ISCSIPersistentVolumeSource targetPortal! iqn! lun! secretRef* initiatorName*
core/v1 ISCSIVolumeSource targetPortal! iqn! lun! secretRef* initiatorName*
core/v1 ImageVolumeSource pullPolicy=v1.PullPolicy
core/v1 KeyToPath key! path! mode*
core/v1 Lifecycle postStart* preStop* stopSignal*=v1.Signal
core/v1 LifecycleHandler exec* httpGet* tcpSocket* sleep*
core/v1 LimitRange metadata! spec!
core/v1 LimitRangeItem type!=v1.LimitType max=v1.ResourceList min=v1.ResourceList
  default=v1.ResourceList defaultRequest=v1.ResourceList maxLimitRequestRatio=v1.ResourceList
core/v1 LimitRangeList metadata! items!
core/v1 LimitRangeSpec limits!
core/v1 LinuxContainerUser uid! gid!
core/v1 LoadBalancerIngress ipMode*=v1.LoadBalancerIPMode
core/v1 LocalVolumeSource path! fsType*
core/v1 ModifyVolumeStatus status!=v1.PersistentVolumeClaimModifyVolumeStatus
core/v1 NFSVolumeSource server! path!
core/v1 Namespace metadata! spec! status!
core/v1 NamespaceCondition type!=v1.NamespaceConditionType status!=v1.ConditionStatus
  lastTransitionTime!
core/v1 NamespaceList metadata! items!
core/v1 NamespaceSpec finalizers~v1.FinalizerName
core/v1 NamespaceStatus phase=v1.NamespacePhase
core/v1 Node metadata! spec! status!
core/v1 NodeAddress type!=v1.NodeAddressType address!
core/v1 NodeAffinity requiredDuringSchedulingIgnoredDuringExecution*
core/v1 NodeCondition type!=v1.NodeConditionType status!=v1.ConditionStatus lastHeartbeatTime!
  lastTransitionTime!
core/v1 NodeConfigSource configMap*
core/v1 NodeConfigStatus assigned* active* lastKnownGood*
core/v1 NodeDaemonEndpoints kubeletEndpoint!
core/v1 NodeFeatures supplementalGroupsPolicy*
core/v1 NodeList metadata! items!
core/v1 NodeRuntimeHandler name! features*
core/v1 NodeRuntimeHandlerFeatures recursiveReadOnlyMounts* userNamespaces*
core/v1 NodeSelector nodeSelectorTerms!
core/v1 NodeSelectorRequirement key! operator!=v1.NodeSelectorOperator
core/v1 NodeSpec configSource*
core/v1 NodeStatus capacity=v1.ResourceList allocatable=v1.ResourceList phase=v1.NodePhase
  daemonEndpoints! nodeInfo! volumesInUse~v1.UniqueVolumeName config* features*
core/v1 NodeSwapStatus capacity*
core/v1 NodeSystemInfo machineID! systemUUID! bootID! kernelVersion! osImage!
  containerRuntimeVersion! kubeletVersion! kubeProxyVersion! operatingSystem! architecture! swap*
core/v1 ObjectFieldSelector fieldPath!
core/v1 ObjectReference uid=types.UID
core/v1 PersistentVolume metadata! spec! status!
core/v1 PersistentVolumeClaim metadata! spec! status!
core/v1 PersistentVolumeClaimCondition type!=v1.PersistentVolumeClaimConditionType
  status!=v1.ConditionStatus lastProbeTime! lastTransitionTime!
core/v1 PersistentVolumeClaimList metadata! items!
core/v1 PersistentVolumeClaimSpec accessModes~v1.PersistentVolumeAccessMode selector* resources!
  storageClassName* volumeMode*=v1.PersistentVolumeMode dataSource* dataSourceRef*
  volumeAttributesClassName*
core/v1 PersistentVolumeClaimStatus phase=v1.PersistentVolumeClaimPhase
  accessModes~v1.PersistentVolumeAccessMode capacity=v1.ResourceList
  allocatedResources=v1.ResourceList allocatedResourceStatuses~v1.ClaimResourceStatus
  currentVolumeAttributesClassName* modifyVolumeStatus*
core/v1 PersistentVolumeClaimTemplate metadata! spec!
core/v1 PersistentVolumeClaimVolumeSource claimName!
core/v1 PersistentVolumeList metadata! items!
core/v1 PersistentVolumeSource gcePersistentDisk* awsElasticBlockStore* hostPath* glusterfs* nfs*
  rbd* iscsi* cinder* cephfs* fc* flocker* flexVolume* azureFile* vsphereVolume* quobyte*
  azureDisk* photonPersistentDisk* portworxVolume* scaleIO* local* storageos* csi*
core/v1 PersistentVolumeSpec capacity=v1.ResourceList accessModes~v1.PersistentVolumeAccessMode
  claimRef* persistentVolumeReclaimPolicy=v1.PersistentVolumeReclaimPolicy
  volumeMode*=v1.PersistentVolumeMode nodeAffinity* volumeAttributesClassName*
core/v1 PersistentVolumeStatus phase=v1.PersistentVolumePhase lastPhaseTransitionTime*
core/v1 PhotonPersistentDiskVolumeSource pdID!
core/v1 Pod metadata! spec! status!
core/v1 PodAffinityTerm labelSelector* topologyKey! namespaceSelector*
core/v1 PodCertificateProjection maxExpirationSeconds*
core/v1 PodCondition type!=v1.PodConditionType status!=v1.ConditionStatus lastProbeTime!
  lastTransitionTime!
core/v1 PodDNSConfigOption value*
core/v1 PodExecOptions command!
core/v1 PodExtendedResourceClaimStatus requestMappings! resourceClaimName!
core/v1 PodIP ip!
core/v1 PodList metadata! items!
core/v1 PodLogOptions sinceSeconds* sinceTime* tailLines* limitBytes* stream*
core/v1 PodOS name!=v1.OSName
core/v1 PodReadinessGate conditionType!=v1.PodConditionType
core/v1 PodResourceClaim name! resourceClaimName* resourceClaimTemplateName*
core/v1 PodResourceClaimStatus name! resourceClaimName*
core/v1 PodSchedulingGate name!
core/v1 PodSecurityContext seLinuxOptions* windowsOptions* runAsUser* runAsGroup* runAsNonRoot*
  supplementalGroupsPolicy*=v1.SupplementalGroupsPolicy fsGroup*
  fsGroupChangePolicy*=v1.PodFSGroupChangePolicy seccompProfile* appArmorProfile*
  seLinuxChangePolicy*=v1.PodSELinuxChangePolicy
core/v1 PodSignature podController*
core/v1 PodSpec containers! restartPolicy=v1.RestartPolicy terminationGracePeriodSeconds*
  activeDeadlineSeconds* dnsPolicy=v1.DNSPolicy automountServiceAccountToken*
  shareProcessNamespace* securityContext* affinity* priority* dnsConfig* runtimeClassName*
  enableServiceLinks* preemptionPolicy*=v1.PreemptionPolicy overhead=v1.ResourceList
  setHostnameAsFQDN* os* hostUsers* resources* hostnameOverride* workloadRef*
core/v1 PodStatus phase=v1.PodPhase startTime* qosClass=v1.PodQOSClass resize=v1.PodResizeStatus
  extendedResourceClaimStatus* allocatedResources=v1.ResourceList resources*
core/v1 PodStatusResult metadata! status!
core/v1 PodTemplate metadata! template!
core/v1 PodTemplateList metadata! items!
core/v1 PodTemplateSpec metadata! spec!
core/v1 PortStatus port! protocol!=v1.Protocol error*
core/v1 PortworxVolumeSource volumeID!
core/v1 Preconditions uid*=types.UID
core/v1 PreferAvoidPodsEntry podSignature! evictionTime!
core/v1 PreferredSchedulingTerm weight! preference!
core/v1 Probe terminationGracePeriodSeconds*
core/v1 ProbeHandler exec* httpGet* tcpSocket* grpc*
core/v1 ProjectedVolumeSource sources! defaultMode*
core/v1 QuobyteVolumeSource registry! volume!
core/v1 RBDPersistentVolumeSource monitors! image! secretRef*
core/v1 RBDVolumeSource monitors! image! secretRef*
core/v1 RangeAllocation metadata! range! data!
core/v1 ReplicationController metadata! spec! status!
core/v1 ReplicationControllerCondition type!=v1.ReplicationControllerConditionType
  status!=v1.ConditionStatus lastTransitionTime!
core/v1 ReplicationControllerList metadata! items!
core/v1 ReplicationControllerSpec replicas* template*
core/v1 ReplicationControllerStatus replicas!
core/v1 ResourceClaim name!
core/v1 ResourceFieldSelector resource! divisor!
core/v1 ResourceHealth resourceID!=v1.ResourceID health=v1.ResourceHealthStatus
core/v1 ResourceQuota metadata! spec! status!
core/v1 ResourceQuotaList metadata! items!
core/v1 ResourceQuotaSpec hard=v1.ResourceList scopes~v1.ResourceQuotaScope scopeSelector*
core/v1 ResourceQuotaStatus hard=v1.ResourceList used=v1.ResourceList
core/v1 ResourceRequirements limits=v1.ResourceList requests=v1.ResourceList
core/v1 ResourceStatus name!=v1.ResourceName
core/v1 ScaleIOPersistentVolumeSource gateway! system! secretRef*!
core/v1 ScaleIOVolumeSource gateway! system! secretRef*!
core/v1 ScopedResourceSelectorRequirement scopeName!=v1.ResourceQuotaScope
  operator!=v1.ScopeSelectorOperator
core/v1 SeccompProfile type!=v1.SeccompProfileType localhostProfile*
core/v1 Secret metadata! immutable* type=v1.SecretType
core/v1 SecretEnvSource optional*
core/v1 SecretKeySelector key! optional*
core/v1 SecretList metadata! items!
core/v1 SecretProjection optional*
core/v1 SecretVolumeSource defaultMode* optional*
core/v1 SecurityContext capabilities* privileged* seLinuxOptions* windowsOptions* runAsUser*
  runAsGroup* runAsNonRoot* readOnlyRootFilesystem* allowPrivilegeEscalation*
  procMount*=v1.ProcMountType seccompProfile* appArmorProfile*
core/v1 SerializedReference reference!
core/v1 Service metadata! spec! status!
core/v1 ServiceAccount metadata! automountServiceAccountToken*
core/v1 ServiceAccountList metadata! items!
core/v1 ServiceAccountTokenProjection expirationSeconds* path!
core/v1 ServiceList metadata! items!
core/v1 ServicePort protocol=v1.Protocol appProtocol* port! targetPort!
core/v1 ServiceSpec type=v1.ServiceType sessionAffinity=v1.ServiceAffinity
  externalTrafficPolicy=v1.ServiceExternalTrafficPolicy sessionAffinityConfig*
  ipFamilies~v1.IPFamily ipFamilyPolicy*=v1.IPFamilyPolicy allocateLoadBalancerNodePorts*
  loadBalancerClass* internalTrafficPolicy*=v1.ServiceInternalTrafficPolicy trafficDistribution*
core/v1 ServiceStatus loadBalancer!
core/v1 SessionAffinityConfig clientIP*
core/v1 SleepAction seconds!
core/v1 StorageOSPersistentVolumeSource secretRef*
core/v1 StorageOSVolumeSource secretRef*
core/v1 Sysctl name! value!
core/v1 TCPSocketAction port!
core/v1 Taint key! effect!=v1.TaintEffect timeAdded*
core/v1 Toleration operator=v1.TolerationOperator effect=v1.TaintEffect tolerationSeconds*
core/v1 TopologySelectorLabelRequirement key! values!
core/v1 TopologySpreadConstraint maxSkew! topologyKey!
  whenUnsatisfiable!=v1.UnsatisfiableConstraintAction labelSelector* minDomains*
  nodeAffinityPolicy*=v1.NodeInclusionPolicy nodeTaintsPolicy*=v1.NodeInclusionPolicy
core/v1 TypedLocalObjectReference apiGroup*! kind! name!
core/v1 TypedObjectReference apiGroup*! kind! name! namespace*
core/v1 Volume name!
core/v1 VolumeDevice name! devicePath!
core/v1 VolumeMount name! recursiveReadOnly*=v1.RecursiveReadOnlyMode mountPath!
  mountPropagation*=v1.MountPropagationMode
core/v1 VolumeMountStatus name! mountPath! recursiveReadOnly*=v1.RecursiveReadOnlyMode
core/v1 VolumeNodeAffinity required*
core/v1 VolumeProjection secret* downwardAPI* configMap* serviceAccountToken* clusterTrustBundle*
  podCertificate*
core/v1 VolumeResourceRequirements limits=v1.ResourceList requests=v1.ResourceList
core/v1 VolumeSource hostPath* emptyDir* gcePersistentDisk* awsElasticBlockStore* gitRepo* secret*
  nfs* iscsi* glusterfs* persistentVolumeClaim* rbd* flexVolume* cinder* cephfs* flocker*
  downwardAPI* fc* azureFile* configMap* vsphereVolume* quobyte* azureDisk* photonPersistentDisk*
  projected* portworxVolume* scaleIO* storageos* csi* ephemeral* image*
core/v1 VsphereVirtualDiskVolumeSource volumePath!
core/v1 WeightedPodAffinityTerm weight! podAffinityTerm!
core/v1 WindowsSecurityContextOptions gmsaCredentialSpecName* gmsaCredentialSpec* runAsUserName*
  hostProcess*
core/v1 WorkloadReference name! podGroup!
discovery/v1 Endpoint addresses! conditions! hostname* targetRef* nodeName* zone* hints*
discovery/v1 EndpointConditions ready* serving* terminating*
discovery/v1 EndpointPort name* protocol*=v1.Protocol port* appProtocol*
discovery/v1 EndpointSlice metadata! addressType!=v1.AddressType endpoints! ports!
discovery/v1 EndpointSliceList metadata! items!
discovery/v1 ForNode name!
discovery/v1 ForZone name!
events/v1 Event metadata! eventTime! series* regarding! related* deprecatedSource!
  deprecatedFirstTimestamp! deprecatedLastTimestamp!
events/v1 EventList metadata! items!
events/v1 EventSeries count! lastObservedTime!
flowcontrol/v1 ExemptPriorityLevelConfiguration nominalConcurrencyShares* lendablePercent*
flowcontrol/v1 FlowDistinguisherMethod type!=v1.FlowDistinguisherMethodType
flowcontrol/v1 FlowSchema metadata! spec! status!
flowcontrol/v1 FlowSchemaCondition type=v1.FlowSchemaConditionType status=v1.ConditionStatus
  lastTransitionTime!
flowcontrol/v1 FlowSchemaList metadata! items!
flowcontrol/v1 FlowSchemaSpec priorityLevelConfiguration! matchingPrecedence! distinguisherMethod*
flowcontrol/v1 GroupSubject name!
flowcontrol/v1 LimitResponse type!=v1.LimitResponseType queuing*
flowcontrol/v1 LimitedPriorityLevelConfiguration nominalConcurrencyShares*! limitResponse!
  lendablePercent* borrowingLimitPercent*
flowcontrol/v1 NonResourcePolicyRule verbs! nonResourceURLs!
flowcontrol/v1 PolicyRulesWithSubjects subjects!
flowcontrol/v1 PriorityLevelConfiguration metadata! spec! status!
flowcontrol/v1 PriorityLevelConfigurationCondition type=v1.PriorityLevelConfigurationConditionType
  status=v1.ConditionStatus lastTransitionTime!
flowcontrol/v1 PriorityLevelConfigurationList metadata! items!
flowcontrol/v1 PriorityLevelConfigurationReference name!
flowcontrol/v1 PriorityLevelConfigurationSpec type!=v1.PriorityLevelEnablement limited* exempt*
flowcontrol/v1 QueuingConfiguration queues! handSize! queueLengthLimit!
flowcontrol/v1 ResourcePolicyRule verbs! apiGroups! resources! namespaces!
flowcontrol/v1 ServiceAccountSubject namespace! name!
flowcontrol/v1 Subject kind!=v1.SubjectKind user* group* serviceAccount*
flowcontrol/v1 UserSubject name!
networking/v1 HTTPIngressPath pathType*!=v1.PathType backend!
networking/v1 HTTPIngressRuleValue paths!
networking/v1 IPAddress metadata! spec!
networking/v1 IPAddressList metadata! items!
networking/v1 IPAddressSpec parentRef*
networking/v1 IPBlock cidr!
networking/v1 Ingress metadata! spec! status!
networking/v1 IngressBackend service* resource*
networking/v1 IngressClass metadata! spec!
networking/v1 IngressClassList metadata! items!
networking/v1 IngressClassParametersReference apiGroup* kind! name! scope*! namespace*
networking/v1 IngressClassSpec parameters*
networking/v1 IngressList metadata! items!
networking/v1 IngressPortStatus port! protocol!=v1.Protocol error*
networking/v1 IngressRuleValue http*
networking/v1 IngressServiceBackend name! port!
networking/v1 IngressSpec ingressClassName* defaultBackend*
networking/v1 IngressStatus loadBalancer!
networking/v1 NetworkPolicy metadata! spec!
networking/v1 NetworkPolicyList metadata! items!
networking/v1 NetworkPolicyPeer podSelector* namespaceSelector* ipBlock*
networking/v1 NetworkPolicyPort protocol*=v1.Protocol port* endPort*
networking/v1 NetworkPolicySpec podSelector! policyTypes~v1.PolicyType
networking/v1 ServiceCIDR metadata! spec! status!
networking/v1 ServiceCIDRList metadata! items!
node/v1 Overhead podFixed=v1.ResourceList
node/v1 RuntimeClass metadata! handler! overhead* scheduling*
node/v1 RuntimeClassList metadata! items!
policy/v1 Eviction metadata! deleteOptions*
policy/v1 PodDisruptionBudget metadata! spec! status!
policy/v1 PodDisruptionBudgetList metadata! items!
policy/v1 PodDisruptionBudgetSpec minAvailable* selector* maxUnavailable*
  unhealthyPodEvictionPolicy*=v1.UnhealthyPodEvictionPolicyType
policy/v1 PodDisruptionBudgetStatus disruptionsAllowed! currentHealthy! desiredHealthy!
  expectedPods!
rbac/v1 ClusterRole metadata! rules! aggregationRule*
rbac/v1 ClusterRoleBinding metadata! roleRef!
rbac/v1 ClusterRoleBindingList metadata! items!
rbac/v1 ClusterRoleList metadata! items!
rbac/v1 PolicyRule verbs!
rbac/v1 Role metadata! rules!
rbac/v1 RoleBinding metadata! roleRef!
rbac/v1 RoleBindingList metadata! items!
rbac/v1 RoleList metadata! items!
rbac/v1 RoleRef apiGroup! kind! name!
rbac/v1 Subject kind! name!
resource/v1 AllocatedDeviceStatus driver! pool! device! shareID* conditions! data* networkData*
resource/v1 AllocationResult devices! nodeSelector* allocationTimestamp*
resource/v1 CELDeviceSelector expression!
resource/v1 CapacityRequestPolicy default*! validRange*
resource/v1 CapacityRequestPolicyRange min* max* step*
resource/v1 Counter value!
resource/v1 CounterSet name!
resource/v1 Device name! nodeName* nodeSelector* allNodes* bindsToNode* allowMultipleAllocations*
resource/v1 DeviceAllocationConfiguration source!=v1.AllocationConfigSource
resource/v1 DeviceAttribute int* bool* string* version*
resource/v1 DeviceCapacity value! requestPolicy*
resource/v1 DeviceClaim requests!
resource/v1 DeviceClass metadata! spec!
resource/v1 DeviceClassList metadata! items!
resource/v1 DeviceClassSpec extendedResourceName*
resource/v1 DeviceConfiguration opaque*
resource/v1 DeviceConstraint matchAttribute*=v1.FullyQualifiedName
  distinctAttribute*=v1.FullyQualifiedName
resource/v1 DeviceCounterConsumption counterSet!
resource/v1 DeviceRequest name! exactly*
resource/v1 DeviceRequestAllocationResult request! driver! pool! device! adminAccess*
  shareID*=types.UID
resource/v1 DeviceSelector cel*
resource/v1 DeviceSubRequest name! deviceClassName! allocationMode=v1.DeviceAllocationMode
  capacity*
resource/v1 DeviceTaint key! effect!=v1.DeviceTaintEffect timeAdded*
resource/v1 DeviceToleration operator=v1.DeviceTolerationOperator effect=v1.DeviceTaintEffect
  tolerationSeconds*
resource/v1 ExactDeviceRequest deviceClassName! allocationMode=v1.DeviceAllocationMode
  adminAccess* capacity*
resource/v1 OpaqueDeviceConfiguration driver! parameters!
resource/v1 ResourceClaim metadata! spec! status!
resource/v1 ResourceClaimConsumerReference resource! name! uid!=types.UID
resource/v1 ResourceClaimList metadata! items!
resource/v1 ResourceClaimSpec devices!
resource/v1 ResourceClaimStatus allocation*
resource/v1 ResourceClaimTemplate metadata! spec!
resource/v1 ResourceClaimTemplateList metadata! items!
resource/v1 ResourceClaimTemplateSpec metadata! spec!
resource/v1 ResourcePool name! generation! resourceSliceCount!
resource/v1 ResourceSlice metadata! spec!
resource/v1 ResourceSliceList metadata! items!
resource/v1 ResourceSliceSpec driver! pool! nodeName* nodeSelector* allNodes*
  perDeviceNodeSelection*
scheduling/v1 PriorityClass metadata! value! preemptionPolicy*=v1.PreemptionPolicy
scheduling/v1 PriorityClassList metadata! items!
storage/v1 CSIDriver metadata! spec!
storage/v1 CSIDriverList metadata! items!
storage/v1 CSIDriverSpec attachRequired* podInfoOnMount*
  volumeLifecycleModes~v1.VolumeLifecycleMode storageCapacity* fsGroupPolicy*=v1.FSGroupPolicy
  requiresRepublish* seLinuxMount* nodeAllocatableUpdatePeriodSeconds*
  serviceAccountTokenInSecrets*
storage/v1 CSINode metadata! spec!
storage/v1 CSINodeDriver name! nodeID! topologyKeys! allocatable*
storage/v1 CSINodeList metadata! items!
storage/v1 CSINodeSpec drivers!
storage/v1 CSIStorageCapacity metadata! nodeTopology* storageClassName! capacity*
  maximumVolumeSize*
storage/v1 CSIStorageCapacityList metadata! items!
storage/v1 StorageClass metadata! provisioner! reclaimPolicy*=v1.PersistentVolumeReclaimPolicy
  allowVolumeExpansion* volumeBindingMode*=v1.VolumeBindingMode
storage/v1 StorageClassList metadata! items!
storage/v1 TokenRequest audience! expirationSeconds*
storage/v1 VolumeAttachment metadata! spec! status!
storage/v1 VolumeAttachmentList metadata! items!
storage/v1 VolumeAttachmentSource persistentVolumeName* inlineVolumeSpec*
storage/v1 VolumeAttachmentSpec attacher! source! nodeName!
storage/v1 VolumeAttachmentStatus attached! attachError* detachError*
storage/v1 VolumeAttributesClass metadata! driverName!
storage/v1 VolumeAttributesClassList metadata! items!
storage/v1 VolumeError time! errorCode*
storage/v1 VolumeNodeResources count*
apiextensions/v1 ConversionRequest uid!=types.UID desiredAPIVersion! objects!
apiextensions/v1 ConversionResponse uid!=types.UID convertedObjects! result!
apiextensions/v1 ConversionReview request* response*
apiextensions/v1 CustomResourceColumnDefinition name! type! jsonPath!
apiextensions/v1 CustomResourceConversion strategy!=v1.ConversionStrategyType webhook*
apiextensions/v1 CustomResourceDefinition metadata! spec! status!
apiextensions/v1 CustomResourceDefinitionCondition type!=v1.CustomResourceDefinitionConditionType
  status!=v1.ConditionStatus lastTransitionTime!
apiextensions/v1 CustomResourceDefinitionList metadata! items!
apiextensions/v1 CustomResourceDefinitionNames plural! kind!
apiextensions/v1 CustomResourceDefinitionSpec group! names! scope!=v1.ResourceScope versions!
  conversion*
apiextensions/v1 CustomResourceDefinitionStatus conditions! acceptedNames! storedVersions!
apiextensions/v1 CustomResourceDefinitionVersion name! served! storage! deprecationWarning*
  schema* subresources*
apiextensions/v1 CustomResourceSubresourceScale specReplicasPath! statusReplicasPath!
  labelSelectorPath*
apiextensions/v1 CustomResourceSubresources status* scale*
apiextensions/v1 CustomResourceValidation openAPIV3Schema*
apiextensions/v1 JSONSchemaProps $schema=v1.JSONSchemaURL $ref* default* maximum* minimum*
  maxLength* minLength* maxItems* minItems* multipleOf* maxProperties* minProperties* items* not*
  additionalProperties* dependencies=v1.JSONSchemaDependencies additionalItems*
  definitions=v1.JSONSchemaDefinitions externalDocs* example*
  x-kubernetes-preserve-unknown-fields* x-kubernetes-list-type* x-kubernetes-map-type*
  x-kubernetes-validations=v1.ValidationRules
apiextensions/v1 JSONSchemaPropsOrArray Schema*! JSONSchemas!
apiextensions/v1 JSONSchemaPropsOrBool Allows! Schema*!
apiextensions/v1 JSONSchemaPropsOrStringArray Schema*! Property!
apiextensions/v1 SelectableField jsonPath!
apiextensions/v1 ServiceReference namespace! name! path* port*
apiextensions/v1 ValidationRule rule! reason*=v1.FieldValueErrorReason optionalOldSelf*
apiextensions/v1 WebhookClientConfig url* service*
apiextensions/v1 WebhookConversion clientConfig* conversionReviewVersions!
meta/v1 APIGroup name! versions! preferredVersion!
meta/v1 APIGroupList groups!
meta/v1 APIResource name! singularName! namespaced! kind! verbs!=v1.Verbs
meta/v1 APIResourceList groupVersion! resources!
meta/v1 APIVersions versions! serverAddressByClientCIDRs!
meta/v1 ApplyOptions force! fieldManager!
meta/v1 Condition type! status!=v1.ConditionStatus lastTransitionTime! reason! message!
meta/v1 DeleteOptions gracePeriodSeconds* preconditions* orphanDependents*
  propagationPolicy*=v1.DeletionPropagation ignoreStoreReadErrorWithClusterBreakingPotential*
meta/v1 FieldSelectorRequirement key! operator!=v1.FieldSelectorOperator
meta/v1 GroupKind group! kind!
meta/v1 GroupResource group! resource!
meta/v1 GroupVersion group! version!
meta/v1 GroupVersionForDiscovery groupVersion! version!
meta/v1 GroupVersionKind group! version! kind!
meta/v1 GroupVersionResource group! version! resource!
meta/v1 LabelSelectorRequirement key! operator!=v1.LabelSelectorOperator
meta/v1 List metadata! items!
meta/v1 ListMeta remainingItemCount*
meta/v1 ListOptions resourceVersionMatch=v1.ResourceVersionMatch timeoutSeconds*
  sendInitialEvents*
meta/v1 ManagedFieldsEntry operation=v1.ManagedFieldsOperationType time* fieldsV1*
meta/v1 ObjectMeta uid=types.UID deletionTimestamp* deletionGracePeriodSeconds*
meta/v1 OwnerReference apiVersion! kind! name! uid!=types.UID controller* blockOwnerDeletion*
meta/v1 PartialObjectMetadata metadata!
meta/v1 PartialObjectMetadataList metadata! items!
meta/v1 PatchOptions force*
meta/v1 Preconditions uid*=types.UID resourceVersion*
meta/v1 RootPaths paths!
meta/v1 ServerAddressByClientCIDR clientCIDR! serverAddress!
meta/v1 Status metadata! reason=v1.StatusReason details*
meta/v1 StatusCause reason=v1.CauseType
meta/v1 StatusDetails uid=types.UID
meta/v1 Table metadata! columnDefinitions! rows!
meta/v1 TableColumnDefinition name! type! format! description! priority!
meta/v1 TableOptions includeObject=v1.IncludeObjectPolicy
meta/v1 TableRow cells! object!
meta/v1 TableRowCondition type!=v1.RowConditionType status!=v1.ConditionStatus
meta/v1 Timestamp seconds! nanos!
meta/v1 WatchEvent type! object!
apiregistration/v1 APIService metadata! spec! status!
apiregistration/v1 APIServiceCondition type!=v1.APIServiceConditionType status!=v1.ConditionStatus
  lastTransitionTime!
apiregistration/v1 APIServiceList metadata! items!
apiregistration/v1 APIServiceSpec service* groupPriorityMinimum! versionPriority!
apiregistration/v1 ServiceReference port*
`
