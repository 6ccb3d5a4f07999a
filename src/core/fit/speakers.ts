import type { Message } from '../message.ts'
import { fitSpeaker } from './names.ts'
import type { WireRules } from './rules.ts'

/** Brings the names of speakers into the form of a format. Returns the same list if nothing has to change. */
export function fitSpeakers(
  messages: readonly Message[],
  rule: WireRules['speakerNames'],
  note: (message: string) => void,
): readonly Message[] {
  if (!messages.some(hasName)) return messages
  return messages.map((message) => {
    if (!hasName(message)) return message
    const { name, ...rest } = message
    const fitted = 'absent' in rule ? undefined : fitSpeaker(name, rule)
    if (fitted === name) return message
    if ('absent' in rule && name !== '')
      note('names of speakers were left out: the format has no field for them')
    else if (fitted !== undefined || name.trim() !== '')
      note(
        `a speaker's name was ${fitted === undefined ? 'left out' : 'changed'}: the format refuses characters of it`,
      )
    return fitted === undefined ? rest : { ...message, name: fitted }
  })
}

function hasName(
  message: Message,
): message is Exclude<Message, { readonly role: 'tool' }> & { readonly name: string } {
  return message.role !== 'tool' && 'name' in message && message.name !== undefined
}
