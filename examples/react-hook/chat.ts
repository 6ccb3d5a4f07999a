import { createElement as h, useState, type ReactElement } from 'react'
import type { ChatMessage } from 'llm-switchyard/client'
import { useChat } from './use-chat.ts'

/** A minimal chat. It uses `h` instead of JSX, so that it needs no compiler. */
export function Chat({ url }: { readonly url: string }): ReactElement {
  const { state, isBusy, send, stop, retry } = useChat({ url })
  const [text, setText] = useState('')
  const submit = (event: { preventDefault(): void }): void => {
    event.preventDefault()
    if (text.trim() === '') return
    setText('')
    void send(text)
  }
  return h(
    'form',
    { onSubmit: submit, 'data-status': state.status },
    [...state.messages, ...state.queue].map((message) => h(Message, { key: message.id, message })),
    state.error &&
      h(
        'p',
        { role: 'alert' },
        state.error.message,
        ' ',
        button('Try again', () => void retry()),
      ),
    h('input', {
      'aria-label': 'Message',
      value: text,
      onChange: (event: { readonly target: { readonly value: string } }) => setText(event.target.value),
    }),
    isBusy ? button('Stop', stop) : h('button', { type: 'submit' }, 'Send'),
    h('small', null, state.usage === undefined ? '' : `${state.usage.totalTokens} tokens`),
  )
}

function Message({ message }: { readonly message: ChatMessage }): ReactElement {
  const { role, status, text, parts } = message
  const tools = parts.flatMap((part) => (part.type === 'tool' ? [`${part.name}: ${part.state}`] : []))
  return h('p', { className: `${role} ${status}` }, text, tools.length > 0 && h('em', null, tools.join(', ')))
}

function button(label: string, onClick: () => void): ReactElement {
  return h('button', { type: 'button', onClick }, label)
}
