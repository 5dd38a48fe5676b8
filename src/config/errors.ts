/** A configuration that can't be used; the message names file, key, value and what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}
