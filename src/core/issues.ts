/** What is read of an issue here. */
interface Shown {
  readonly path: string
  readonly message: string
}

/** Most issues of one request or options object. Reading stops there, because a hostile request must not cost more. */
export const MAX_ISSUES = 20

// Longest name in a path, in characters.
const MAX_NAME = 60

/** Whether no further issue is read. */
export function isFull(issues: readonly unknown[]): boolean {
  return issues.length >= MAX_ISSUES
}

/** The dotted path of the part `name`, without control characters. A long name is cut. */
export function pathTo(path: string, name: string | number): string {
  const shown = shortName(String(name))
  return path === '' ? shown : `${path}.${shown}`
}

/** A name of a caller as a message repeats it: on one line, and cut if it is long. */
export function shortName(name: string): string {
  return oneLine(cut(name, MAX_NAME).toWellFormed())
}

// Controls of the terminal and of lines, and marks that turn the direction of the text around.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g

/** A text on one line, with a space for each run of control characters. */
export function oneLine(text: string): string {
  return text.replace(CONTROLS, ' ')
}

/** The first `max` characters of a text, with an ellipsis if there are more. */
export function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max).toWellFormed()}…` : text
}

/** Most characters of all issues together. In UTF-8 they are 12 KB at most. */
const MAX_TEXT = 4_000

/** The first {@link MAX_ISSUES} of `issues`, each short enough to be shown, and 4 000 characters together. */
export function shownIssues<I extends Shown>(issues: readonly I[]): readonly I[] {
  let left = MAX_TEXT
  return issues.slice(0, MAX_ISSUES).flatMap((issue) => {
    const shown = { ...issue, path: cut(issue.path, 150), message: cut(issue.message, 300) }
    left -= shown.path.length + shown.message.length
    return left < 0 ? [] : [shown]
  })
}
