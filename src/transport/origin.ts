/** Scheme, host and port of a URL: the part that an error message may show. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'the provider'
}
