/** RFC 3339 in UTC with seconds: meta/v1 Time. */
export function formatTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace(/\.\d+Z$/, 'Z')
}
