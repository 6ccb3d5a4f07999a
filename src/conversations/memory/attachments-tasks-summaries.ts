import {
  type Attachment,
  type AttachmentStore,
  attachmentRecord,
  checkVersion,
  notFound,
  type Page,
  pageOf,
  type PageWindow,
  pageWindow,
  patchTask,
  summaryRecord,
  type Summary,
  type SummaryStore,
  alreadyExists,
  taskRecord,
  type TaskStore,
} from '../storage/index.ts'
import { type Context, frozen, openBucket, openMessage, readBucket, type RunStep } from './context.ts'
import type { Placed } from './state.ts'

/** Creates the attachments part of the store. */
export function attachmentStore(step: RunStep): AttachmentStore {
  return {
    add: (conversationId, input, call) =>
      step(call, (context) => {
        const bucket = openBucket(context, conversationId)
        const record = frozen(attachmentRecord(conversationId, input, context.stamp))
        if (record.messageId !== undefined) openMessage(bucket, record.messageId)
        return place(context, { map: bucket.attachments, what: 'attachment' }, record)
      }),
    get: (conversationId, id, call) =>
      step(call, (context) => readBucket(context, conversationId)?.attachments.get(id)?.record),
    list: (conversationId, query = {}, call) =>
      step(call, (context) => {
        const { messageId } = query
        const window = pageWindow(query, 'attachments')
        const all = [...(readBucket(context, conversationId)?.attachments.values() ?? [])]
        const found = all.filter(({ record }) => messageId === undefined || record.messageId === messageId)
        const after = window.after?.[0] as number | undefined
        return placedPage(found, window, {
          list: 'attachments',
          isBehind: after === undefined ? undefined : (one) => one.place > after,
          key: (one: Placed<Attachment>) => [one.place],
        })
      }),
    link: (conversationId, { ids, messageId }, call) =>
      step(call, (context) => {
        const bucket = openBucket(context, conversationId)
        openMessage(bucket, messageId)
        for (const id of ids) {
          const attachment = bucket.attachments.get(id)
          if (attachment === undefined) throw notFound('attachment', id)
          const record = frozen({ ...attachment.record, messageId })
          context.journal.put(bucket.attachments, id, { place: attachment.place, record })
        }
      }),
    delete: (conversationId, id, call) =>
      step(call, (context) => {
        const { attachments } = openBucket(context, conversationId)
        const found = attachments.has(id)
        context.journal.drop(attachments, id)
        return found
      }),
  }
}

function place<T extends { readonly id: string }>(
  { state, journal }: Context,
  { map, what }: { readonly map: Map<string, Placed<T>>; readonly what: string },
  record: T,
): T {
  if (map.has(record.id)) throw alreadyExists(what, record.id)
  journal.put(map, record.id, { place: state.nextPlace++, record })
  return record
}

interface PlacedList<T> {
  readonly list: string
  readonly isBehind: ((one: Placed<T>) => boolean) | undefined
  readonly key: (one: Placed<T>) => readonly number[]
}

function placedPage<T>(found: readonly Placed<T>[], window: PageWindow, by: PlacedList<T>): Page<T> {
  const rest = by.isBehind === undefined ? found.slice(window.offset) : found.filter(by.isBehind)
  const total = window.withTotal ? found.length : undefined
  const { items, ...page } = pageOf(rest, window, { list: by.list, key: by.key, total })
  return { ...page, items: items.map(({ record }) => record) }
}

/** Creates the tasks part of the store. */
export function taskStore(step: RunStep): TaskStore {
  return {
    add: (conversationId, input, call) =>
      step(call, (context) => {
        const { tasks } = openBucket(context, conversationId)
        const record = frozen(taskRecord(conversationId, input, context.stamp))
        if (tasks.has(record.id)) throw alreadyExists('task', record.id)
        context.journal.put(tasks, record.id, record)
        return record
      }),
    update: (conversationId, id, patch, call) =>
      step(call, (context) => {
        const { tasks } = openBucket(context, conversationId)
        const task = tasks.get(id)
        if (task === undefined) throw notFound('task', id)
        checkVersion(`task "${id}"`, task.version, call?.version)
        const next = frozen(patchTask(task, patch, context.stamp.now))
        context.journal.put(tasks, id, next)
        return next
      }),
    list: (conversationId, call) =>
      step(call, (context) => [...(readBucket(context, conversationId)?.tasks.values() ?? [])]),
    delete: (conversationId, id, call) =>
      step(call, (context) => {
        const { tasks } = openBucket(context, conversationId)
        const found = tasks.has(id)
        context.journal.drop(tasks, id)
        return found
      }),
  }
}

/** Creates the summaries part of the store. */
export function summaryStore(step: RunStep): SummaryStore {
  return {
    save: (conversationId, input, call) =>
      step(call, (context) => {
        const { summaries } = openBucket(context, conversationId)
        const record = frozen(summaryRecord(conversationId, input, context.stamp))
        return place(context, { map: summaries, what: 'summary' }, record)
      }),
    latest: (conversationId, call) =>
      step(call, (context) => furthestFirst(context, conversationId)[0]?.record),
    list: (conversationId, query = {}, call) =>
      step(call, (context) => {
        const window = pageWindow(query, 'summaries')
        const [reach, place_] = (window.after ?? []) as readonly [number?, number?]
        const behind = ({ record, place: own }: Placed<Summary>): boolean =>
          record.upToSequence < (reach ?? 0) || (record.upToSequence === reach && own < (place_ ?? 0))
        return placedPage(furthestFirst(context, conversationId), window, {
          list: 'summaries',
          isBehind: window.after === undefined ? undefined : behind,
          key: (one) => [one.record.upToSequence, one.place],
        })
      }),
  }
}

function furthestFirst(context: Context, conversationId: string): readonly Placed<Summary>[] {
  const summaries = readBucket(context, conversationId)?.summaries.values() ?? []
  return [...summaries].toSorted((a, b) => b.record.upToSequence - a.record.upToSequence || b.place - a.place)
}
