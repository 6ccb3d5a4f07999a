import { checkArguments } from '../../core/check-arguments.ts'
import { signalField } from '../../core/common-fields.ts'
import { LlmError } from '../../core/error.ts'
import { isObject } from '../../core/json.ts'
import { anyObject, anyOf, flag, listOf, number, text, type FieldTable } from '../../core/schema.ts'

const texts = listOf(text)
const anyNumber = number({})

/** The kinds of the fields that the requests of a chat service have, whichever method takes them. */
const kinds: FieldTable = {
  signal: signalField,
  conversationId: text,
  messageId: text,
  requestId: text,
  orgId: text,
  projectId: text,
  parentId: text,
  attachmentId: text,
  taskId: text,
  userId: text,
  name: text,
  userName: text,
  title: text,
  system: text,
  customPrompt: text,
  emoji: text,
  cursor: text,
  search: text,
  text,
  images: text,
  status: anyOf(text, texts),
  context: texts,
  attachmentIds: texts,
  messageIds: texts,
  tools: listOf(anyObject),
  attachments: listOf(anyObject),
  decisions: listOf(anyObject),
  results: listOf(anyObject),
  agent: text,
  members: listOf(anyObject),
  history: anyObject,
  timeouts: anyObject,
  newIds: anyObject,
  limit: anyNumber,
  page: anyNumber,
  skip: anyNumber,
  offset: anyNumber,
  temperature: anyNumber,
  version: anyNumber,
  lastMessages: anyNumber,
  n: anyNumber,
  begin: flag,
}

/** Checks what every method of a chat service reads. Throws `invalid-request` with the path of what is of a wrong kind. */
export function checkKinds(request: unknown): void {
  if (!isObject(request))
    throw new LlmError('invalid-request', 'the request of a chat service must be an object')
  checkArguments('the request of a chat service', kinds, request)
}
