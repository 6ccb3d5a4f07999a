/** What is shown in place of a secret. */
export const HIDDEN = '[secret]'

// Formats of vendors' keys, and of tokens in headers and query strings.
const KEY_SHAPES: readonly RegExp[] = [
  /\b(?:sk|pk|rk|gsk|xai|pplx|csk|nvapi|r8|hf|fw|tgp|ghp|gho|github_pat|key|ak)[-_][A-Za-z0-9_*.-]{16,}/g,
  /\bAIza[0-9A-Za-z_*-]{10,}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{12,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g,
  /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi,
  /([?&](?:key|api[-_]?key|token|access_token)=)[^&\s"']+/gi,
]

// User name and password of a URL.
const LOGIN = /(:\/\/)[^\s/@"'?#]+@/g

// A key that the vendor has masked is no secret, and tells the caller which key was used.
function isMasked(match: string): boolean {
  return match.includes('***') && match.split('*').every((piece) => piece.length <= 12)
}

/** The forms in which a server or a library repeats a value. */
function formsOf(value: string): readonly string[] {
  const quoted = JSON.stringify(value).slice(1, -1)
  const forms = [value, quoted, quoted.replaceAll('/', '\\/')]
  try {
    forms.push(encodeURIComponent(value), btoa(value))
  } catch {
    // Half a surrogate pair has no form in a URL, and only Latin-1 has one in base64.
  }
  return forms
}

/** Replaces secrets in a text: the given values, and everything that has the format of a vendor's key. */
export function scrubSecrets(
  text: string,
  secrets: readonly ({ reveal(): string } | undefined)[] = [],
): string {
  let clean = text
  for (const secret of secrets) {
    const value = secret?.reveal().trim() ?? ''
    if (value.length >= 4) for (const form of formsOf(value)) clean = clean.replaceAll(form, HIDDEN)
  }
  clean = clean.replaceAll(LOGIN, `$1${HIDDEN}@`)
  for (const shape of KEY_SHAPES) {
    clean = clean.replace(shape, (match, lead: unknown) => {
      if (isMasked(match)) return match
      return typeof lead === 'string' ? `${lead}${lead.endsWith('=') ? '' : ' '}${HIDDEN}` : HIDDEN
    })
  }
  return clean
}
