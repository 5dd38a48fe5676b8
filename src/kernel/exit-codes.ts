/** The dashboard's answer to `up`, which started it: end without stopping the cluster. */
export const leaveRunningExitCode = 10
