import { createChatClient, webStorage, type ChatConnection, type ChatState } from 'llm-switchyard/client'
import { drawMessage } from './draw.ts'

const client = createChatClient({ url: '/api/chat', store: webStorage(sessionStorage) })

function find(id: string): HTMLElement {
  return document.querySelector<HTMLElement>(`#${id}`)!
}
const log = find('log')
const text = document.querySelector<HTMLTextAreaElement>('#text')!
const stop = document.querySelector<HTMLButtonElement>('#stop')!
const notice = find('notice')
const drawn = new Map<string, HTMLElement>()

function draw(state: ChatState): void {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60
  const messages = [...state.messages, ...state.queue]
  const ids = new Set(messages.map(({ id }) => id))
  for (const [id, element] of drawn) {
    if (ids.has(id)) continue
    element.remove()
    drawn.delete(id)
  }
  for (const message of messages) {
    const element = drawMessage(message, drawn.get(message.id))
    drawn.set(message.id, element)
    // Moved only if its place is wrong, because a moved element closes its folds.
    const at = messages.indexOf(message) + 1
    if (log.children[at] !== element) log.insertBefore(element, log.children[at] ?? null)
  }
  find('empty').hidden = messages.length > 0
  find('usage').textContent = state.usage === undefined ? '' : `${state.usage.totalTokens} tokens`
  const isBusy = state.status === 'loading' || state.status === 'streaming' || state.status === 'stopping'
  stop.hidden = !isBusy
  stop.disabled = state.status === 'stopping'
  const noticeText = noticeOf(state)
  notice.hidden = noticeText === undefined
  find('notice-text').textContent = noticeText ?? ''
  find('retry').hidden = state.status !== 'error'
  document.body.dataset['status'] = state.status
  if (isAtEnd) log.scrollTop = log.scrollHeight
}

function noticeOf({ status, error, connection }: ChatState): string | undefined {
  return status === 'error' ? error?.message : waitOf(connection)
}

function waitOf(connection: ChatConnection): string | undefined {
  switch (connection.state) {
    case 'waiting':
      return `${connection.error.message} Trying again (${connection.attempt} of ${connection.of}) …`
    case 'offline':
      return 'You are offline. The chat continues when the network is back.'
    case 'throttled':
      return 'Too many messages: the next one is sent in a moment.'
    default:
      return undefined
  }
}

function send(): void {
  const said = text.value
  if (said.trim() === '') return
  text.value = ''
  void client.send(said)
  log.scrollTop = log.scrollHeight
}

find('form').addEventListener('submit', (event) => {
  event.preventDefault()
  send()
})
text.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  send()
})
stop.addEventListener('click', () => client.stop())
find('retry').addEventListener('click', () => void client.retry())
find('new').addEventListener('click', () => {
  client.reset()
  text.focus()
})

// The page is drawn at most once per animation frame.
let isScheduled = false
client.subscribe(() => {
  if (isScheduled) return
  isScheduled = true
  requestAnimationFrame(() => {
    isScheduled = false
    draw(client.getState())
  })
})
draw(client.getState())
