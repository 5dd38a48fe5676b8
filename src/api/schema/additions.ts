/**
 * Types and fields of Kubernetes 1.35 that the descriptors in kubectl 1.33 do not have (later ones
 * carry none), and the types of apiextensions and apiregistration, which kubectl never had.
 * A type a block: `group/version Type`, then `number name type`, with `inline` for an embedded
 * struct and `required`. A type without a dot is of the same package. Facts as of Kubernetes
 * 1.35.4; nothing at run time reads this: the generator does.
 */
export const additions = `
admissionregistration/v1beta1 ApplyConfiguration
  1 expression string
admissionregistration/v1beta1 JSONPatch
  1 expression string
admissionregistration/v1beta1 MutatingAdmissionPolicy
  1 metadata meta/v1.ObjectMeta
  2 spec MutatingAdmissionPolicySpec
admissionregistration/v1beta1 MutatingAdmissionPolicyBinding
  1 metadata meta/v1.ObjectMeta
  2 spec MutatingAdmissionPolicyBindingSpec
admissionregistration/v1beta1 MutatingAdmissionPolicyBindingList
  1 metadata meta/v1.ListMeta
  2 items []MutatingAdmissionPolicyBinding required
admissionregistration/v1beta1 MutatingAdmissionPolicyBindingSpec
  1 policyName string
  2 paramRef ParamRef
  3 matchResources MatchResources
admissionregistration/v1beta1 MutatingAdmissionPolicyList
  1 metadata meta/v1.ListMeta
  2 items []MutatingAdmissionPolicy required
admissionregistration/v1beta1 MutatingAdmissionPolicySpec
  1 paramKind ParamKind
  2 matchConstraints MatchResources
  3 variables []Variable
  4 mutations []Mutation
  5 failurePolicy string
  6 matchConditions []MatchCondition
  7 reinvocationPolicy string
admissionregistration/v1beta1 Mutation
  2 patchType string required
  3 applyConfiguration ApplyConfiguration
  4 jsonPatch JSONPatch
core/v1 Container
  25 restartPolicyRules []ContainerRestartRule
core/v1 ContainerExtendedResourceRequest
  1 containerName string required
  2 resourceName string required
  3 requestName string required
core/v1 ContainerRestartRule
  1 action string required
  2 exitCodes ContainerRestartRuleOnExitCodes
core/v1 ContainerRestartRuleOnExitCodes
  1 operator string required
  2 values []int32
core/v1 EnvVarSource
  5 fileKeyRef FileKeySelector
core/v1 EphemeralContainerCommon
  25 restartPolicyRules []ContainerRestartRule
core/v1 FileKeySelector
  1 volumeName string required
  2 path string required
  3 key string required
  4 optional bool
core/v1 NodeStatus
  14 declaredFeatures []string
core/v1 PodCertificateProjection
  1 signerName string required
  2 keyType string required
  3 maxExpirationSeconds int32
  4 credentialBundlePath string
  5 keyPath string
  6 certificateChainPath string
  7 userAnnotations map:string
core/v1 PodExtendedResourceClaimStatus
  1 requestMappings []ContainerExtendedResourceRequest required
  2 resourceClaimName string required
core/v1 PodSpec
  41 hostnameOverride string
  42 workloadRef WorkloadReference
core/v1 PodStatus
  18 extendedResourceClaimStatus PodExtendedResourceClaimStatus
  19 allocatedResources map:quantity
  20 resources ResourceRequirements
core/v1 VolumeProjection
  6 podCertificate PodCertificateProjection
core/v1 WorkloadReference
  1 name string required
  2 podGroup string required
  3 podGroupReplicaKey string
resource/v1 AllocatedDeviceStatus
  1 driver string required
  2 pool string required
  3 device string required
  7 shareID string
  4 conditions []meta/v1.Condition
  5 data raw
  6 networkData NetworkDeviceData
resource/v1 AllocationResult
  1 devices DeviceAllocationResult
  3 nodeSelector core/v1.NodeSelector
  5 allocationTimestamp time
resource/v1 CELDeviceSelector
  1 expression string required
resource/v1 CapacityRequestPolicy
  1 default quantity
  3 validValues []quantity
  4 validRange CapacityRequestPolicyRange
resource/v1 CapacityRequestPolicyRange
  1 min quantity required
  2 max quantity
  3 step quantity
resource/v1 CapacityRequirements
  1 requests map:quantity
resource/v1 Counter
  1 value quantity required
resource/v1 CounterSet
  1 name string required
  2 counters map:Counter required
resource/v1 Device
  1 name string required
  2 attributes map:DeviceAttribute
  3 capacity map:DeviceCapacity
  4 consumesCounters []DeviceCounterConsumption
  5 nodeName string
  6 nodeSelector core/v1.NodeSelector
  7 allNodes bool
  8 taints []DeviceTaint
  9 bindsToNode bool
  10 bindingConditions []string
  11 bindingFailureConditions []string
  12 allowMultipleAllocations bool
resource/v1 DeviceAllocationConfiguration
  1 source string required
  2 requests []string
  3 deviceConfiguration DeviceConfiguration inline
resource/v1 DeviceAllocationResult
  1 results []DeviceRequestAllocationResult
  2 config []DeviceAllocationConfiguration
resource/v1 DeviceAttribute
  2 int int64
  3 bool bool
  4 string string
  5 version string
resource/v1 DeviceCapacity
  1 value quantity required
  2 requestPolicy CapacityRequestPolicy
resource/v1 DeviceClaim
  1 requests []DeviceRequest
  2 constraints []DeviceConstraint
  3 config []DeviceClaimConfiguration
resource/v1 DeviceClaimConfiguration
  1 requests []string
  2 deviceConfiguration DeviceConfiguration inline
resource/v1 DeviceClass
  1 metadata meta/v1.ObjectMeta
  2 spec DeviceClassSpec required
resource/v1 DeviceClassConfiguration
  1 deviceConfiguration DeviceConfiguration inline
resource/v1 DeviceClassList
  1 metadata meta/v1.ListMeta
  2 items []DeviceClass required
resource/v1 DeviceClassSpec
  1 selectors []DeviceSelector
  2 config []DeviceClassConfiguration
  4 extendedResourceName string
resource/v1 DeviceConfiguration
  1 opaque OpaqueDeviceConfiguration
resource/v1 DeviceConstraint
  1 requests []string
  2 matchAttribute string
  3 distinctAttribute string
resource/v1 DeviceCounterConsumption
  1 counterSet string required
  2 counters map:Counter required
resource/v1 DeviceRequest
  1 name string required
  2 exactly ExactDeviceRequest
  3 firstAvailable []DeviceSubRequest
resource/v1 DeviceRequestAllocationResult
  1 request string required
  2 driver string required
  3 pool string required
  4 device string required
  5 adminAccess bool
  6 tolerations []DeviceToleration
  7 bindingConditions []string
  8 bindingFailureConditions []string
  9 shareID string
  10 consumedCapacity map:quantity
resource/v1 DeviceSelector
  1 cel CELDeviceSelector
resource/v1 DeviceSubRequest
  1 name string required
  2 deviceClassName string required
  3 selectors []DeviceSelector
  4 allocationMode string
  5 count int64
  6 tolerations []DeviceToleration
  7 capacity CapacityRequirements
resource/v1 DeviceTaint
  1 key string required
  2 value string
  3 effect string required
  4 timeAdded time
resource/v1 DeviceToleration
  1 key string
  2 operator string
  3 value string
  4 effect string
  5 tolerationSeconds int64
resource/v1 ExactDeviceRequest
  1 deviceClassName string required
  2 selectors []DeviceSelector
  3 allocationMode string
  4 count int64
  5 adminAccess bool
  6 tolerations []DeviceToleration
  7 capacity CapacityRequirements
resource/v1 NetworkDeviceData
  1 interfaceName string
  2 ips []string
  3 hardwareAddress string
resource/v1 OpaqueDeviceConfiguration
  1 driver string required
  2 parameters raw required
resource/v1 ResourceClaim
  1 metadata meta/v1.ObjectMeta
  2 spec ResourceClaimSpec required
  3 status ResourceClaimStatus
resource/v1 ResourceClaimConsumerReference
  1 apiGroup string
  3 resource string required
  4 name string required
  5 uid string required
resource/v1 ResourceClaimList
  1 metadata meta/v1.ListMeta
  2 items []ResourceClaim required
resource/v1 ResourceClaimSpec
  1 devices DeviceClaim
resource/v1 ResourceClaimStatus
  1 allocation AllocationResult
  2 reservedFor []ResourceClaimConsumerReference
  4 devices []AllocatedDeviceStatus
resource/v1 ResourceClaimTemplate
  1 metadata meta/v1.ObjectMeta
  2 spec ResourceClaimTemplateSpec required
resource/v1 ResourceClaimTemplateList
  1 metadata meta/v1.ListMeta
  2 items []ResourceClaimTemplate required
resource/v1 ResourceClaimTemplateSpec
  1 metadata meta/v1.ObjectMeta
  2 spec ResourceClaimSpec required
resource/v1 ResourcePool
  1 name string required
  2 generation int64 required
  3 resourceSliceCount int64 required
resource/v1 ResourceSlice
  1 metadata meta/v1.ObjectMeta
  2 spec ResourceSliceSpec required
resource/v1 ResourceSliceList
  1 metadata meta/v1.ListMeta
  2 items []ResourceSlice required
resource/v1 ResourceSliceSpec
  1 driver string required
  2 pool ResourcePool required
  3 nodeName string
  4 nodeSelector core/v1.NodeSelector
  5 allNodes bool
  6 devices []Device
  7 perDeviceNodeSelection bool
  8 sharedCounters []CounterSet
storage/v1 CSIDriverSpec
  10 serviceAccountTokenInSecrets bool
storage/v1 VolumeAttributesClass
  1 metadata meta/v1.ObjectMeta
  2 driverName string required
  3 parameters map:string
storage/v1 VolumeAttributesClassList
  1 metadata meta/v1.ListMeta
  2 items []VolumeAttributesClass required
apiextensions/v1 CustomResourceColumnDefinition
  1 name string required
  2 type string required
  3 format string
  4 description string
  5 priority int32
  6 jsonPath string required
apiextensions/v1 CustomResourceConversion
  1 strategy string required
  2 webhook WebhookConversion
apiextensions/v1 CustomResourceDefinition
  1 metadata meta/v1.ObjectMeta
  2 spec CustomResourceDefinitionSpec required
  3 status CustomResourceDefinitionStatus
apiextensions/v1 CustomResourceDefinitionCondition
  1 type string required
  2 status string required
  3 lastTransitionTime time
  4 reason string
  5 message string
  6 observedGeneration int64
apiextensions/v1 CustomResourceDefinitionList
  1 metadata meta/v1.ListMeta
  2 items []CustomResourceDefinition required
apiextensions/v1 CustomResourceDefinitionNames
  1 plural string required
  2 singular string
  3 shortNames []string
  4 kind string required
  5 listKind string
  6 categories []string
apiextensions/v1 CustomResourceDefinitionSpec
  1 group string required
  3 names CustomResourceDefinitionNames required
  4 scope string required
  7 versions []CustomResourceDefinitionVersion required
  9 conversion CustomResourceConversion
  10 preserveUnknownFields bool
apiextensions/v1 CustomResourceDefinitionStatus
  1 conditions []CustomResourceDefinitionCondition
  2 acceptedNames CustomResourceDefinitionNames
  3 storedVersions []string
  4 observedGeneration int64
apiextensions/v1 CustomResourceDefinitionVersion
  1 name string required
  2 served bool required
  3 storage bool required
  7 deprecated bool
  8 deprecationWarning string
  4 schema CustomResourceValidation
  5 subresources CustomResourceSubresources
  6 additionalPrinterColumns []CustomResourceColumnDefinition
  9 selectableFields []SelectableField
apiextensions/v1 CustomResourceSubresourceScale
  1 specReplicasPath string required
  2 statusReplicasPath string required
  3 labelSelectorPath string
apiextensions/v1 CustomResourceSubresourceStatus

apiextensions/v1 CustomResourceSubresources
  1 status CustomResourceSubresourceStatus
  2 scale CustomResourceSubresourceScale
apiextensions/v1 CustomResourceValidation
  1 openAPIV3Schema JSONSchemaProps
apiextensions/v1 ExternalDocumentation
  1 description string
  2 url string
apiextensions/v1 JSONSchemaProps
  1 id string
  2 $schema string
  3 $ref string
  4 description string
  5 type string
  6 format string
  7 title string
  8 default raw
  9 maximum double
  10 exclusiveMaximum bool
  11 minimum double
  12 exclusiveMinimum bool
  13 maxLength int64
  14 minLength int64
  15 pattern string
  16 maxItems int64
  17 minItems int64
  18 uniqueItems bool
  19 multipleOf double
  20 enum []raw
  21 maxProperties int64
  22 minProperties int64
  23 required []string
  24 items JSONSchemaPropsOrArray
  25 allOf []JSONSchemaProps
  26 oneOf []JSONSchemaProps
  27 anyOf []JSONSchemaProps
  28 not JSONSchemaProps
  29 properties map:JSONSchemaProps
  30 additionalProperties JSONSchemaPropsOrBool
  31 patternProperties map:JSONSchemaProps
  32 dependencies map:JSONSchemaPropsOrStringArray
  33 additionalItems JSONSchemaPropsOrBool
  34 definitions map:JSONSchemaProps
  35 externalDocs ExternalDocumentation
  36 example raw
  37 nullable bool
  38 x-kubernetes-preserve-unknown-fields bool
  39 x-kubernetes-embedded-resource bool
  40 x-kubernetes-int-or-string bool
  41 x-kubernetes-list-map-keys []string
  42 x-kubernetes-list-type string
  43 x-kubernetes-map-type string
  44 x-kubernetes-validations []ValidationRule
apiextensions/v1 SelectableField
  1 jsonPath string required
apiextensions/v1 ServiceReference
  1 namespace string required
  2 name string required
  3 path string
  4 port int32
apiextensions/v1 ValidationRule
  1 rule string required
  2 message string
  3 messageExpression string
  4 reason string
  5 fieldPath string
  6 optionalOldSelf bool
apiextensions/v1 WebhookClientConfig
  3 url string
  1 service ServiceReference
  2 caBundle bytes
apiextensions/v1 WebhookConversion
  2 clientConfig WebhookClientConfig
  3 conversionReviewVersions []string required
meta/v1 Table

meta/v1 TableColumnDefinition

meta/v1 TableRow

meta/v1 TableRowCondition

apiregistration/v1 APIService
  1 metadata meta/v1.ObjectMeta
  2 spec APIServiceSpec
  3 status APIServiceStatus
apiregistration/v1 APIServiceCondition
  1 type string required
  2 status string required
  3 lastTransitionTime time
  4 reason string
  5 message string
apiregistration/v1 APIServiceList
  1 metadata meta/v1.ListMeta
  2 items []APIService required
apiregistration/v1 APIServiceSpec
  1 service ServiceReference
  2 group string
  3 version string
  4 insecureSkipTLSVerify bool
  5 caBundle bytes
  7 groupPriorityMinimum int32 required
  8 versionPriority int32 required
apiregistration/v1 APIServiceStatus
  1 conditions []APIServiceCondition
apiregistration/v1 ServiceReference
  1 namespace string
  2 name string
  3 port int32
`
