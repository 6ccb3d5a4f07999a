import {
  createChatClient,
  type ChatClient,
  type ChatFile,
  type ChatMessage,
  type ChatState,
} from 'llm-switchyard/client'
import { call, RequestError, type Listed, type Me, type Opened, type Stored } from './api.ts'
import { drawMessage, isAction, make, type Action, type Notes } from './draw.ts'
import { serverStorage } from './transcript.ts'

interface Chat {
  readonly id: string
  readonly client: ChatClient
  /** As the server told it; absent until it did. */
  view?: Opened
}

const POLL_MS = 2_000
const find = (id: string): HTMLElement => document.querySelector<HTMLElement>(`#${id}`)!
const log = find('log')
const text = document.querySelector<HTMLTextAreaElement>('#text')!
const attach = document.querySelector<HTMLInputElement>('#attach')!

let me: Me | undefined
let chat: Chat | undefined
let conversations: readonly Listed[] = []
let files: readonly ChatFile[] = []

/** Shows what went wrong with something that the reader did. */
function attempt(work: () => Promise<unknown>): void {
  work().catch((error: unknown) => {
    if (error instanceof RequestError && error.status === 401) return showSignIn()
    showNotice(error instanceof Error ? error.message : String(error))
  })
}

function showNotice(message: string | undefined, mayRetry = false): void {
  find('notice').hidden = message === undefined
  find('notice-text').textContent = message ?? ''
  find('retry').hidden = !mayRetry
}

function showSignIn(): void {
  find('app').hidden = true
  find('sign-in').hidden = false
}

async function start(): Promise<void> {
  me = await call<Me>('GET', '/me')
  find('sign-in').hidden = true
  find('app').hidden = false
  find('me').textContent = `${me.name} of ${me.orgId}`
  await refresh()
  const asked = location.hash.slice(1)
  const first = conversations.find(({ id }) => id === asked) ?? conversations[0]
  if (first === undefined) await begin()
  else openChat(first.id)
}

/** Reads the list and the totals. */
async function refresh(): Promise<void> {
  const { data } = await call<{ data: readonly Listed[] }>('GET', '/conversations')
  conversations = data
  drawList()
  const usage = await call<{ totalTokens: number; conversationCount: number }>('GET', '/usage')
  find('total').textContent = `${usage.totalTokens} tokens in all your chats`
}

function drawList(): void {
  const items = conversations.map(({ id, title, userId }) => {
    const button = make('button', id === chat?.id ? 'chosen' : '', title ?? 'New conversation')
    if (userId !== me?.userId) button.append(make('small', '', ` of ${nameOf(userId)}`))
    button.addEventListener('click', () => openChat(id))
    return button
  })
  find('list').replaceChildren(...items)
}

function nameOf(userId: string): string {
  if (userId === me?.userId) return me.name
  return me?.colleagues.find((other) => other.userId === userId)?.name ?? userId
}

async function begin(): Promise<void> {
  const created = await call<Listed>('POST', '/conversations', {})
  await refresh()
  openChat(created.id)
  text.focus()
}

/** Shows a conversation as the server has it, with the answer that is running. */
function openChat(id: string): void {
  chat?.client.dispose()
  location.hash = id
  document.body.classList.remove('menu-open')
  const opened: Chat = { id, client: clientOf(id, (view) => (opened.view = view)) }
  chat = opened
  let isDone = true
  opened.client.subscribe((state) => {
    if (chat !== opened) return
    schedule()
    const isIdle = state.status === 'idle'
    // An answer that ended is stored; what is stored has the ids that the actions need.
    if (isIdle && !isDone) attempt(afterAnswer)
    isDone = isIdle || state.status === 'error'
  })
  drawList()
  schedule()
}

async function afterAnswer(): Promise<void> {
  if (chat !== undefined) openChat(chat.id)
  await refresh()
}

function clientOf(id: string, onOpen: (view: Opened) => void): ChatClient {
  return createChatClient({
    url: '/api/chat',
    conversationId: id,
    history: 'newest',
    store: serverStorage(id, (view) => {
      onOpen(view)
      schedule()
    }),
    onError: (error) => showNotice(error.message),
  })
}

// The page is drawn at most once per animation frame.
let isScheduled = false
function schedule(): void {
  if (isScheduled) return
  isScheduled = true
  requestAnimationFrame(() => {
    isScheduled = false
    if (chat !== undefined) draw(chat, chat.client.getState())
  })
}

function draw({ view }: Chat, state: ChatState): void {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60
  const isBusy = state.status === 'loading' || state.status === 'streaming' || state.status === 'stopping'
  const shown = [...state.messages, ...state.queue]
  log.replaceChildren(
    ...shown.map((message) => {
      const stored = view?.messages.find(({ id }) => id === message.id)
      return drawMessage(
        message,
        notesOf(view, stored, message),
        isBusy ? [] : actionsOf(stored, message, shown),
      )
    }),
  )
  if (shown.length === 0) log.append(make('p', 'empty', 'Nothing has been said here yet.'))
  find('title').textContent = view?.title ?? 'New conversation'
  drawMembers(view)
  find('stop').hidden = !isBusy
  find('send').hidden = state.status === 'stopping'
  showNotice(noticeOf(state), state.status === 'error')
  document.body.dataset['status'] = state.status
  // Last, because a notice takes room from the messages.
  if (isAtEnd) log.scrollTop = log.scrollHeight
}

function noticeOf({ status, error, connection }: ChatState): string | undefined {
  if (status === 'error')
    return error?.kind === 'content-blocked'
      ? 'That message breaks the rules of this team, and was not sent.'
      : error?.message
  if (connection.state === 'waiting') return `${connection.error.message} Trying again …`
  return connection.state === 'offline' ? 'You are offline.' : undefined
}

function notesOf(view: Opened | undefined, stored: Stored | undefined, message: ChatMessage): Notes {
  const author = message.role === 'user' ? nameOf(stored?.userId ?? me!.userId) : 'Pilot'
  const reactions = view?.reactions.filter(({ messageId }) => messageId === message.id) ?? []
  const attached = view?.attachments.filter(({ messageId }) => messageId === message.id) ?? []
  return {
    author,
    isOwn: stored?.userId === me?.userId,
    isEdited: stored?.editedAt !== undefined,
    reactions: reactions.map(({ emoji, count }) => `${emoji} ${count}`),
    files: message.parts.some(({ type }) => type === 'file' || type === 'image')
      ? []
      : attached.map(({ name }) => name),
  }
}

function actionsOf(
  stored: Stored | undefined,
  message: ChatMessage,
  shown: readonly ChatMessage[],
): readonly Action[] {
  if (stored === undefined) return []
  const isLast = message === shown.at(-1)
  if (message.role === 'user') return stored.userId === me?.userId ? ['react', 'edit', 'delete'] : ['react']
  const again: readonly Action[] =
    isLast && shown.some(({ role }) => role === 'user') ? ['regenerate', 'variants'] : []
  return ['react', ...again, 'fork']
}

function drawMembers(view: Opened | undefined): void {
  const inside = view === undefined ? [] : [view.userId, ...view.members.map(({ userId }) => userId)]
  find('members').textContent = inside.map(nameOf).join(', ')
  const outside = me?.colleagues.filter(({ userId }) => !inside.includes(userId)) ?? []
  const invite = document.querySelector<HTMLSelectElement>('#invite')!
  invite.hidden = view?.userId !== me?.userId || outside.length === 0
  find('leave').hidden = view?.userId !== me?.userId
  const choices = outside.map(({ userId, name }) => new Option(name, userId))
  invite.replaceChildren(new Option('Invite …', ''), ...choices)
}

/** Carries out what a reader chose to do with a message, and shows the conversation as it is then. */
async function act(action: Action, messageId: string, toolCallId = ''): Promise<void> {
  if (chat === undefined) return
  const { id, client } = chat
  const path = `/conversations/${id}/messages/${messageId}`
  if (action === 'approve' || action === 'deny')
    return void (await client.decide([{ toolCallId, approved: action === 'approve' }]))
  if (action === 'regenerate') return void (await client.retry())
  if (action === 'fork') {
    const fork = await call<Listed>('POST', `${path}/fork`, {})
    await refresh()
    return openChat(fork.id)
  }
  if (action === 'react') await call('POST', `${path}/react`, { emoji: '👍' })
  if (action === 'delete') await call('DELETE', path)
  if (action === 'edit') {
    const content = prompt(
      'The new text',
      client.getState().messages.find((message) => message.id === messageId)?.text,
    )
    if (content === null) return
    await call('POST', `${path}/edit`, { content })
  }
  if (action === 'variants') {
    const all = await call<readonly Stored[]>('GET', `${path}/variants`)
    const at = all.findIndex((variant) => variant.id === messageId)
    const next = all[(at + 1) % all.length]
    if (next !== undefined) await call('POST', `/conversations/${id}/messages/${next.id}/choose`, {})
  }
  openChat(id)
}

async function search(words: string): Promise<void> {
  const found = find('found')
  found.hidden = words.trim() === ''
  if (found.hidden) return
  const { items } = await call<{ items: readonly (Stored & { conversationId: string })[] }>(
    'GET',
    `/search?text=${encodeURIComponent(words)}`,
  )
  const lines = items.map((message) => {
    const line = make('li')
    const said =
      typeof message.content === 'string'
        ? message.content
        : message.content.map((part) => part.text ?? '').join(' ')
    const button = make('button', '', said.slice(0, 80))
    button.addEventListener('click', () => openChat(message.conversationId))
    line.append(button)
    return line
  })
  found.replaceChildren(...(lines.length > 0 ? lines : [make('li', 'about', 'Nothing found.')]))
}

function send(): void {
  const said = text.value
  if (chat === undefined || (said.trim() === '' && files.length === 0)) return
  text.value = ''
  showNotice(undefined)
  const sent = files
  files = []
  drawFiles()
  void chat.client.send(said, { files: sent })
  log.scrollTop = log.scrollHeight
}

async function addFiles(): Promise<void> {
  const chosen = await Promise.all([...(attach.files ?? [])].map(readFile))
  files = [...files, ...chosen]
  attach.value = ''
  drawFiles()
}

async function readFile(file: File): Promise<ChatFile> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  const data = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  const mediaType = file.type === '' ? 'text/plain' : file.type
  return { type: mediaType.startsWith('image/') ? 'image' : 'file', mediaType, filename: file.name, data }
}

function drawFiles(): void {
  find('files').replaceChildren(...files.map(({ filename = '' }) => make('span', 'file', filename)))
}

/** Others write, too: what they said, and the answer that they wait for, appears without a reload. */
async function poll(): Promise<void> {
  if (chat?.view === undefined || document.hidden || chat.client.getState().status !== 'idle') return
  const { id, view } = chat
  const { data } = await call<{ data: readonly Listed[] }>('GET', '/conversations')
  conversations = data
  drawList()
  const now = data.find((listed) => listed.id === id)
  const hasChanged = now?.lastSequence !== view.lastSequence || now.version !== view.version
  if (chat?.id === id && hasChanged && chat.client.getState().status === 'idle') openChat(id)
}

find('sign-in').addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest('button') : null
  if (button === null) return
  attempt(async () => {
    await call('POST', '/sign-in', { userId: button.value })
    await start()
  })
})
find('sign-out').addEventListener('click', () =>
  attempt(async () => {
    await call('POST', '/sign-in', {})
    location.reload()
  }),
)
find('new').addEventListener('click', () => attempt(begin))
find('menu').addEventListener('click', () => document.body.classList.toggle('menu-open'))
find('search').addEventListener('input', () =>
  attempt(() => search(document.querySelector<HTMLInputElement>('#search')!.value)),
)
find('form').addEventListener('submit', (event) => {
  event.preventDefault()
  send()
})
text.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  send()
})
attach.addEventListener('change', () => attempt(addFiles))
find('stop').addEventListener('click', () => chat?.client.stop())
find('retry').addEventListener('click', () => void chat?.client.retry())
find('leave').addEventListener('click', () =>
  attempt(async () => {
    await call('DELETE', `/conversations/${chat?.id}`)
    location.hash = ''
    await start()
  }),
)
find('invite').addEventListener('change', ({ target }) =>
  attempt(async () => {
    if (chat === undefined || !(target instanceof HTMLSelectElement)) return
    await call('POST', `/conversations/${chat.id}/members`, { userId: target.value, role: 'member' })
    openChat(chat.id)
  }),
)
log.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest<HTMLElement>('[data-action]') : null
  const messageId = button?.closest<HTMLElement>('.message')?.dataset['id']
  const action = button?.dataset['action']
  const callId = button?.closest<HTMLElement>('[data-call]')?.dataset['call']
  if (messageId !== undefined && isAction(action)) attempt(() => act(action, messageId, callId))
})
setInterval(() => void poll().catch(() => undefined), POLL_MS)
attempt(start)
