/** Whether a value is a conversation id: 1 to 100 letters, digits, `_` and `-`, such as a UUID. Such an id is safe as a file name. */
export function isConversationId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,100}$/.test(value)
}

/** Whether a value is a persona's id or name: 1 to 100 letters and digits of any script, spaces, `_` and `-`, not blank. */
export function isPersonaName(value: unknown): value is string {
  return typeof value === 'string' && /^(?=.*\S)[\p{L}\p{M}\p{N} _-]{1,100}$/u.test(value)
}

/** What {@link isSafeId} accepts, in words. */
export const SAFE_ID = 'text of 1 to 200 characters without control characters and half surrogates'

/** Whether a value is an id from outside that a header, a URL and every store can hold. Slashes are allowed: URLs encode them. */
export function isSafeId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= 200 &&
    value.isWellFormed() &&
    !hasControls(value)
  )
}

/** What {@link isSafeName} accepts, in words. */
export const SAFE_NAME: string = `${SAFE_ID}, slashes and names of the language such as __proto__`

/** Whether a value is a name from outside, by which the application looks something up: in a table, a folder or a URL. */
export function isSafeName(value: unknown): value is string {
  return isSafeId(value) && value.trim() !== '' && !/[/\\]/.test(value) && !(value.trim() in Object.prototype)
}

/** Whether a text contains a line break or another control character, which would break a header, frame or file name. */
export function hasControls(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)
}
