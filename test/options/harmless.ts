/** Values of `wrongValues` that are right for a field which expects this, and why. */
export interface Harmless {
  readonly expected: RegExp
  readonly values: readonly string[]
  readonly reason: string
}

export const harmless: readonly Harmless[] = [
  { expected: /^text\b/, values: ['text'], reason: 'it is text' },
  {
    expected: /^a key: text/,
    values: ['text', 'function'],
    reason: 'any text may be a key, and functions give keys',
  },
  {
    expected: /a list of keys$/,
    values: ['list'],
    reason: 'no keys at all: the key of the environment is used',
  },
  { expected: /^a name of lower-case letters/, values: ['text'], reason: 'it is such a name' },
  { expected: /^true or false\b/, values: ['boolean'], reason: 'it is a boolean' },
  { expected: /^true or/, values: ['boolean'], reason: 'true turns it on' },
  { expected: /^a function\b|or a function$/, values: ['function'], reason: 'its signature cannot be seen' },
  {
    expected:
      /^a list$|or a list\b|^a list or an object$|^a list of (?:moderators|facts)|a list of watchlists$/,
    values: ['list'],
    reason: 'an empty list adds nothing',
  },
  {
    expected: /^an object\b|or an object\b|such numbers by provider$/,
    values: ['object'],
    reason: 'an empty group means its defaults',
  },
  {
    expected: /^a JSON value$/,
    values: ['text', 'number', 'boolean', 'null', 'list', 'object', '-1', '1.5', '2**53'],
    reason: 'a field of a vendor may hold any JSON value',
  },
  { expected: /\bnumber\b/, values: ['number'], reason: 'it is such a number' },
  {
    expected: /^a number\b|^"refuse" or a number/,
    values: ['1.5'],
    reason: 'such a number need not be whole',
  },
  {
    expected: /^a number (?:of milliseconds )?(?:above 0|of 0 or more)(?! up)|^"refuse" or a number/,
    values: ['2**53'],
    reason: 'it has no largest value',
  },
  { expected: /or Infinity$/, values: ['Infinity'], reason: 'Infinity turns the bound off' },
]

export function isHarmless(expected: string, value: string): boolean {
  return harmless.some((one) => one.values.includes(value) && one.expected.test(expected))
}
