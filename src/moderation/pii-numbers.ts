import { rowOf } from '../core/json.ts'
import type { Verified } from './rule-set.ts'

const LENGTHS_OF_CARDS: readonly (readonly [RegExp, ReadonlySet<number>])[] = [
  [/^4/, new Set([13, 16, 19])],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, new Set([16])],
  [/^3[47]/, new Set([15])],
  [/^(?:6011|64[4-9]|65)/, new Set([16, 17, 18, 19])],
  [/^(?:30[0-5]|3[689])/, new Set([14, 16, 19])],
  [/^35(?:2[89]|[3-8])/, new Set([16, 17, 18, 19])],
  [/^62/, new Set([16, 17, 18, 19])],
  [/^(?:50|5[6-8]|6[0139])/, new Set([13, 14, 15, 16, 17, 18, 19])],
]

/**
 * Validates a payment card number: accepts the longest prefix that ends between digit groups, has a length of its network
 * and passes the Luhn check.
 */
export function verifyCard(text: string): Verified | undefined {
  const ends = [...text.matchAll(/\d(?!\d)/g)].map(({ index }) => index + 1)
  for (const end of ends.toReversed()) {
    const digits = text.slice(0, end).replaceAll(/\D/g, '')
    const fits = LENGTHS_OF_CARDS.some(([lead, lengths]) => lead.test(digits) && lengths.has(digits.length))
    if (fits && !/^(\d)\1+$/.test(digits) && passesLuhn(digits)) return { length: end }
  }
  return undefined
}

function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at])
    const doubled = at % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

// Length of an IBAN by country, from the SWIFT IBAN registry.
const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 ' +
    'FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 ' +
    'LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 ' +
    'SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((row) => [row.slice(0, 2), Number(row.slice(2))]),
)

/** Validates an IBAN by the length of its country and its checksum (mod 97). Leaves out text after that length. */
export function verifyIban(text: string): Verified | undefined {
  const wanted = rowOf(IBAN_LENGTHS, text.slice(0, 2).toUpperCase()) ?? 0
  let count = 0
  let end = 0
  while (end < text.length && count < wanted) if (/[A-Za-z0-9]/.test(text[end++] as string)) count++
  if (wanted === 0 || count < wanted || /[A-Za-z0-9]/.test(text[end] ?? '')) return undefined
  const plain = text
    .slice(0, end)
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .toUpperCase()
  return mod97(plain.slice(4) + plain.slice(0, 4)) === 1 ? { length: end } : undefined
}

function mod97(text: string): number {
  let remainder = 0
  for (const char of text) {
    const value = parseInt(char, 36)
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
  }
  return remainder
}

/** Validates a US social security number with separators. Rejects ranges that were never issued. */
export function verifySsn(text: string): Verified | undefined {
  const [area = '', group = '', serial = ''] = text.split(/[- ]/)
  const isUnissued =
    area === '000' || area === '666' || area.startsWith('9') || group === '00' || serial === '0000'
  return isUnissued ? undefined : {}
}

/** Validates an IPv4 address. Rejects loopback, 0.x and 255.x, because they identify no person. */
export function verifyIpv4(text: string): Verified | undefined {
  const parts = text.split('.').map(Number)
  if (parts.length !== 4 || parts.some((part) => part > 255) || /(?:^|\.)0\d/.test(text)) return undefined
  return parts[0] === 127 || parts[0] === 0 || parts[0] === 255 ? undefined : {}
}

/** Validates an IPv6 address: eight groups, or an abbreviated one with a prefix in use. */
export function verifyIpv6(text: string): Verified | undefined {
  const sides = text.split('::')
  if (sides.length > 2 || /^:[^:]|[^:]:$/.test(text)) return undefined
  const groups = text.split(':').filter((group) => group !== '')
  if (sides.length === 1) return groups.length === 8 ? {} : undefined
  return groups.length >= 2 &&
    groups.length < 8 &&
    /^(?:[23][0-9a-f]{3}|f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]|64)$/i.test(groups[0] ?? '')
    ? {}
    : undefined
}

/** Validates a telephone number by its number of digits. Rejects dates. */
export function verifyPhone(text: string): Verified | undefined {
  const digits = text.replaceAll(/\D/g, '')
  if (text.startsWith('+')) return digits.length >= 8 && digits.length <= 15 ? {} : undefined
  if (/^(?:\d{4}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ]\d{2,4})$/.test(text)) return undefined
  if (digits.startsWith('0')) return digits.length >= 9 && digits.length <= 12 ? {} : undefined
  const national = digits.length === 11 && digits.startsWith('1') ? digits.slice(1) : digits
  return national.length === 10 && /^[2-9]\d{2}[2-9]/.test(national) ? {} : undefined
}
