/** The persona that answers: the fields that the chat service reads. A character card has them. */
export interface ChatPersona {
  readonly id?: string | undefined
  readonly name: string
  /** Name in the conversation. Default: `name`. */
  readonly nickname?: string | undefined
  /** System instructions, used if the request has none. */
  readonly systemPrompt?: string | undefined
  /** Instructions that are sent after the user message. */
  readonly postHistoryInstructions?: string | undefined
  /** First message of a conversation that `create` starts with this persona. */
  readonly greeting?: string | undefined
}

/** The name of a persona in the conversation. */
export function displayName(persona: ChatPersona | undefined): string | undefined {
  const { nickname = '', name } = persona ?? {}
  return nickname.trim() === '' ? name : nickname
}
