import { requestError, type Issue } from '../core/error.ts'
import { isObject } from '../core/json.ts'
import { checkFields, optionsSchema } from '../core/options.ts'
import type { ChatRequest } from '../core/request.ts'
import {
  anyObject,
  anyOf,
  callable,
  count,
  group,
  kind,
  listOf,
  milliseconds,
  nonEmptyText,
  orInfinity,
  positiveCount,
  required,
  withMethods,
} from '../core/schema.ts'
import { typeName } from '../core/show-value.ts'
import { isSafeId, SAFE_ID } from '../core/validate-id.ts'
import type { RunOptions, RunRequest } from './run-types.ts'

const state = group(() => ({ runId: required(nonEmptyText), records: required(listOf(anyObject)) }))

/** The schema of {@link RunOptions}. */
const runSchema = optionsSchema<RunOptions>()(() => ({
  runId: kind(SAFE_ID, isSafeId),
  maxToolRounds: count,
  stopWhen: anyOf(callable, listOf(callable)),
  prepareStep: callable,
  onStep: callable,
  toolTimeoutMs: orInfinity(milliseconds),
  maxParallelTools: positiveCount,
  maxRepairs: count,
  maxRepeats: positiveCount,
  permissions: listOf(nonEmptyText),
  identity: kind('any value', () => true),
  runs: withMethods('read', 'append', 'delete'),
  resume: state,
  approvals: withMethods('decide', 'check'),
  decisions: listOf(anyObject),
  results: listOf(anyObject),
}))

const toolsSchema = group(() => ({ tools: listOf(anyObject) }))

/** Checks what only the loop reads of a request, and returns the rest, which is a chat request. Throws `invalid-request`. */
export function chatRequestOf(request: RunRequest): ChatRequest {
  if (!isObject(request))
    throw requestError([{ path: '', message: `must be an object; got ${typeName(request)}` }])
  const names = Object.keys(runSchema.fields())
  const options = Object.fromEntries(Object.entries(request).filter(([name]) => names.includes(name)))
  const issues: Issue[] = []
  checkFields(runSchema, options, issues)
  // A call checks the definitions; the loop reads them before.
  checkFields(toolsSchema, { tools: request['tools'] }, issues)
  const n: unknown = request['n']
  if (typeof n === 'number' && n > 1)
    issues.push({ path: 'n', message: 'must be 1 in a run: the tools of several choices cannot be run' })
  if (issues.length > 0) throw requestError(issues)
  const chat: ChatRequest = { ...request }
  for (const name of names) Reflect.deleteProperty(chat, name)
  return chat
}
