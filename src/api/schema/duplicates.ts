/**
 * Paths of keys that a JSON text has twice in one object, which JSON.parse silently takes the last
 * of: `spec.replicas`, `spec.containers[0].name`. `text` must be valid JSON.
 */
export function duplicateFields(text: string): string[] {
  const found: string[] = []
  let at = 0
  const skip = () => {
    while (at < text.length && ' \t\n\r'.includes(text[at]!)) at++
  }
  const string = (): string => {
    const start = at++
    let escaped = false
    while (text[at] !== '"') {
      if (text[at] === '\\') {
        escaped = true
        at++
      }
      at++
    }
    at++
    return escaped ? JSON.parse(text.slice(start, at)) : text.slice(start + 1, at - 1)
  }
  const members = (path: string) => {
    const seen = new Set<string>()
    for (at++, skip(); text[at] !== '}'; skip()) {
      const key = string()
      const inner = path === '' ? key : `${path}.${key}`
      if (seen.has(key)) found.push(inner)
      seen.add(key)
      skip()
      at++ // the colon
      value(inner)
      if (text[at] === ',') at++
      skip()
    }
    at++
  }
  const elements = (path: string) => {
    let index = 0
    for (at++, skip(); text[at] !== ']'; skip()) {
      value(`${path}[${index++}]`)
      if (text[at] === ',') at++
    }
    at++
  }
  const value = (path: string) => {
    skip()
    if (text[at] === '{') members(path)
    else if (text[at] === '[') elements(path)
    else if (text[at] === '"') string()
    else while (at < text.length && !',]} \t\n\r'.includes(text[at]!)) at++
    skip()
  }
  value('')
  return [...new Set(found)]
}
