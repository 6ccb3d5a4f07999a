import { argument, checkArguments, optional } from '../core/check-arguments.ts'
import { callerKey } from '../core/caller-key.ts'
import { LlmError } from '../core/error.ts'
import { unifiedDiff } from './line-diff.ts'

/** A change of one file by a tool. An absent text is a file that did not exist, or does not any more. */
export interface FileChange {
  /** Path below the root of the project, with forward slashes. */
  readonly path: string
  readonly before?: string | undefined
  readonly after?: string | undefined
  /** Name of the tool that changed the file. */
  readonly tool?: string | undefined
  readonly messageId?: string | undefined
}

/** Whose changes: of one conversation of one user. */
export interface ChangesKey {
  readonly conversationId: string
  readonly userId?: string | undefined
  readonly tenant?: string | undefined
}

/** Keeps the changes of files that tools have made, per conversation, in their order. */
export interface FileTracker {
  /** Notes a change. Throws `invalid-request` for a path that leaves the project. */
  add(key: ChangesKey, change: FileChange): void
  /** The changes of a conversation, oldest first. */
  list(key: ChangesKey): readonly FileChange[]
  /** The unified difference of all changed files, from before the first change to after the last. */
  diff(key: ChangesKey): string
  /** Forgets the changes of a conversation, such as after a pull request. */
  clear(key: ChangesKey): void
}

const MAX_PATH = 1_000

/** Creates a tracker in the memory of this process. */
export function createFileTracker(): FileTracker {
  const changes = new Map<string, readonly FileChange[]>()
  const list = (key: ChangesKey): readonly FileChange[] => changes.get(nameOf(key)) ?? []
  return {
    add: (key, change) => {
      checkChange(change)
      changes.set(nameOf(key), [...list(key), { ...change }])
    },
    list,
    diff: (key) => diffOf(list(key)),
    clear: (key) => void changes.delete(nameOf(key)),
  }
}

function nameOf(key: ChangesKey): string {
  checkArguments(
    'the file tracker',
    { conversationId: argument.text, userId: optional.text, tenant: optional.text },
    key,
  )
  const { conversationId, userId: user, tenant } = key
  return JSON.stringify([callerKey({ user, tenant, anonymous: true }), conversationId])
}

function checkChange(change: FileChange): void {
  checkArguments(
    'the file tracker',
    { path: argument.text, before: optional.text, after: optional.text },
    change,
  )
  const { path } = change
  const steps = path.split('/')
  const isInside =
    path !== '' &&
    path.length <= MAX_PATH &&
    !/[\\\p{Cc}]|^[A-Za-z]:/u.test(path) &&
    steps.every((step) => step !== '' && step !== '.' && step !== '..')
  if (isInside) return
  const message = `path: ${JSON.stringify(path.slice(0, 100))} is no path inside of the project, such as src/main.ts`
  throw new LlmError('invalid-request', message, { issues: [{ path: 'path', message }] })
}

function diffOf(changes: readonly FileChange[]): string {
  const files = new Map<string, { readonly before: string | undefined; readonly after: string | undefined }>()
  for (const { path, before, after } of changes) {
    const known = files.get(path)
    files.set(path, { before: known === undefined ? before : known.before, after })
  }
  return [...files].map(([path, { before, after }]) => unifiedDiff(path, before, after)).join('')
}
