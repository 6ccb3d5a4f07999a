import type { ChatMessage, ChatPart, ChatToolPart } from 'llm-switchyard/client'

// The message that each element shows, because an unchanged message is not drawn again.
const shown = new WeakMap<HTMLElement, ChatMessage>()

/** Draws a message, into `existing` if it is given. All content is set as text, so that no output of a model becomes HTML. */
export function drawMessage(message: ChatMessage, existing: HTMLElement | undefined): HTMLElement {
  const element = existing ?? make('article')
  if (shown.get(element) === message) return element
  shown.set(element, message)
  element.className = `message ${message.role} ${message.status}`
  if (message.role !== 'assistant') {
    element.textContent = message.text
    return element
  }
  for (const [index, part] of message.parts.entries()) {
    const old = element.children[index]
    const drawn = drawPart(part, old instanceof HTMLElement ? old : undefined)
    if (old === undefined) element.append(drawn)
    else if (old !== drawn) old.replaceWith(drawn)
  }
  while (element.children.length > message.parts.length) element.lastElementChild?.remove()
  const about = aboutOf(message)
  if (about !== '') element.append(make('p', 'about', about))
  return element
}

function drawPart(part: ChatPart, old: HTMLElement | undefined): HTMLElement {
  switch (part.type) {
    case 'text':
      return setText(old?.className === 'text' ? old : make('div', 'text'), part.text)
    case 'reasoning': {
      const fold = old instanceof HTMLDetailsElement ? old : makeFold('Thoughts')
      setText(fold.querySelector('p')!, part.text)
      return fold
    }
    case 'tool':
      return drawTool(part)
    case 'citation':
      return make('p', 'about', `Source: ${part.title ?? part.url ?? part.text ?? ''}`)
    default:
      return make('p', 'about', `A file: ${part.filename ?? part.mediaType ?? ''}`)
  }
}

function drawTool({ name, arguments: given, state, result, error }: ChatToolPart): HTMLElement {
  const card = make('div', 'tool')
  const title = make('b', '', name)
  title.dataset['state'] = state
  card.append(title, make('code', '', JSON.stringify(given)))
  if (state === 'completed') card.append(make('code', 'result', JSON.stringify(result)))
  if (error !== undefined) card.append(make('code', 'result', error))
  return card
}

function aboutOf({ status, usage, model, error }: ChatMessage): string {
  if (status === 'failed') return error?.message ?? 'The answer failed.'
  const tokens =
    usage && `${usage.inputTokens} in, ${usage.outputTokens} out${usage.estimated === true ? ', about' : ''}`
  const facts = [status === 'stopped' ? 'Stopped' : undefined, model, tokens]
  const isOver = status === 'complete' || status === 'stopped'
  return isOver ? facts.filter((fact) => fact !== undefined).join(' · ') : ''
}

function make(tag: string, className = '', text = ''): HTMLElement {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = text
  return element
}

function makeFold(title: string): HTMLElement {
  const fold = make('details')
  fold.append(make('summary', '', title), make('p'))
  return fold
}

function setText(element: HTMLElement, text: string): HTMLElement {
  if (element.textContent !== text) element.textContent = text
  return element
}
