import type { Causes } from './causes.ts'
import { parseGoUrl } from './go-url.ts'
import { dnsSubdomainErrors, portNumberErrors } from './names.ts'

/** Where a webhook is. Source: apiserver pkg/util/webhook/validation.go. */

const form = '; desired format: https://host[/path]'

/** Source: ValidateWebhookURL. */
export function validateWebhookUrl(url: string, path: string, causes: Causes): void {
  const found = parseGoUrl(url)
  if (typeof found === 'string') {
    causes.required(path, `url must be a valid URL: ${found}${form}`)
    return
  }
  const { scheme, host, user, fragment, query } = found
  if (scheme !== 'https') {
    causes.invalid(path, scheme, `'https' is the only allowed URL scheme${form}`)
  }
  if (host === '') causes.invalid(path, host, `host must be specified${form}`)
  if (user !== undefined) {
    causes.invalid(path, user, 'user information is not permitted in the URL')
  }
  if (fragment !== '') {
    causes.invalid(path, fragment, 'fragments are not permitted in the URL')
  }
  if (query !== '') causes.invalid(path, query, 'query parameters are not permitted in the URL')
}

export interface ServiceReference {
  readonly name?: string
  readonly namespace?: string
  readonly path?: string
  readonly port?: number
}

/**
 * Source: ValidateWebhookService. Who calls it for admission's webhooks gives it name and namespace
 * in the other order: which of them is missing is then told wrongly, and so it is here.
 */
export function validateWebhookService(
  { name, namespace, path: urlPath, port }: ServiceReference,
  path: string,
  causes: Causes,
  isSwapped = false,
): void {
  const [first, second] = isSwapped ? [namespace, name] : [name, namespace]
  if (!first) causes.required(`${path}.name`)
  if (!second) causes.required(`${path}.namespace`)
  for (const text of portNumberErrors(port ?? 0)) {
    causes.invalid(`${path}.port`, port ?? 0, `port is not valid: ${text}`)
  }
  if (urlPath !== undefined) validateUrlPath(urlPath, `${path}.path`, causes)
}

function validateUrlPath(urlPath: string, path: string, causes: Causes): void {
  if (urlPath === '' || urlPath === '/') return
  if (urlPath === '//') {
    causes.invalid(path, urlPath, 'segment[0] may not be empty')
    return
  }
  if (!urlPath.startsWith('/')) causes.invalid(path, urlPath, "must start with a '/'")
  for (const [index, step] of urlPath.slice(1).replace(/\/$/, '').split('/').entries()) {
    if (step === '') causes.invalid(path, urlPath, `segment[${index}] may not be empty`)
    else {
      for (const text of dnsSubdomainErrors(step)) {
        causes.invalid(path, urlPath, `segment[${index}]: ${text}`)
      }
    }
  }
}
