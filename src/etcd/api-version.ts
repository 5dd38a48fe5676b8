/**
 * The version of etcd whose API this is. kube-apiserver asks it before it relies on watch progress
 * requests: at least 3.5.13. Source: kubernetes storage/feature/feature_support_checker.go.
 */
export const apiVersion = '3.5.21'
