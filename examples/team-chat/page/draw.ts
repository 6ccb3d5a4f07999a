import type { ChatMessage, ChatPart, ChatToolPart } from 'llm-switchyard/client'

/** What the page knows of a stored message beside its text. */
export interface Notes {
  readonly author?: string | undefined
  readonly isOwn: boolean
  readonly isEdited: boolean
  /** Such as `👍 2`. */
  readonly reactions: readonly string[]
  readonly files: readonly string[]
}

/** The things that a reader may do with a message, or with a call that waits. */
export type Action = keyof typeof LABELS

const LABELS = {
  approve: 'Approve',
  deny: 'Deny',
  react: '👍',
  edit: 'Edit',
  regenerate: 'Ask again',
  variants: 'Other answer',
  fork: 'Fork',
  delete: 'Delete',
} as const

/** Draws a message. All content is set as text, so that no output of a model becomes HTML. */
export function drawMessage(
  message: ChatMessage,
  notes: Notes | undefined,
  actions: readonly Action[],
): HTMLElement {
  const element = make('article', `message ${message.role} ${message.status}`)
  element.dataset['id'] = message.id
  if (notes?.author !== undefined) element.append(make('b', 'author', notes.author))
  const body = make('div', 'body')
  for (const part of message.parts) body.append(drawPart(part))
  element.append(body)
  for (const name of notes?.files ?? []) element.append(make('span', 'file', name))
  const about = aboutOf(message, notes)
  if (about !== '') element.append(make('p', 'about', about))
  const foot = make('div', 'foot')
  for (const reaction of notes?.reactions ?? []) foot.append(make('span', 'reaction', reaction))
  for (const action of actions) foot.append(actionButton(action))
  if (foot.childElementCount > 0) element.append(foot)
  return element
}

function actionButton(action: Action, look = 'quiet'): HTMLElement {
  const button = make('button', look, LABELS[action])
  button.setAttribute('type', 'button')
  button.dataset['action'] = action
  return button
}

function drawPart(part: ChatPart): HTMLElement {
  switch (part.type) {
    case 'text':
      return make('div', 'text', part.text)
    case 'reasoning': {
      const fold = make('details')
      fold.append(make('summary', '', 'Thoughts'), make('p', '', part.text))
      return fold
    }
    case 'tool':
      return drawTool(part)
    case 'citation':
      return make('p', 'about', `Source: ${part.title ?? part.url ?? part.text ?? ''}`)
    default:
      return make('span', 'file', part.filename ?? part.mediaType ?? 'a file')
  }
}

function drawTool({ id, name, agent, arguments: given, state, result, error }: ChatToolPart): HTMLElement {
  const card = make('div', agent === undefined ? 'tool' : 'tool inner')
  const title = make('b', '', agent === undefined ? name : `${agent}: ${name}`)
  title.dataset['state'] = state === 'needs-approval' ? 'waits for a person' : state
  card.append(title, make('code', '', JSON.stringify(given)))
  const outcome = error ?? (typeof result === 'string' ? result : result && JSON.stringify(result))
  if (outcome !== undefined) card.append(make('code', 'result', String(outcome)))
  if (state === 'needs-approval') {
    card.dataset['call'] = id
    card.append(actionButton('approve', ''), actionButton('deny', ''))
  }
  return card
}

/** Whether a page's own attribute names an action. */
export function isAction(name: string | undefined): name is Action {
  return name !== undefined && Object.hasOwn(LABELS, name)
}

function aboutOf({ status, usage, error }: ChatMessage, notes: Notes | undefined): string {
  if (status === 'failed') return error?.message ?? 'The answer failed.'
  const facts = [
    status === 'stopped' ? 'stopped' : undefined,
    notes?.isEdited === true ? 'edited' : undefined,
    usage === undefined || status === 'streaming' ? undefined : `${usage.totalTokens} tokens`,
  ]
  return facts.filter((fact) => fact !== undefined).join(' · ')
}

/** Creates an element with a class and a text. */
export function make(tag: string, className = '', text = ''): HTMLElement {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = text
  return element
}
