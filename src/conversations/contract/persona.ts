/** Who answers, as far as the chat service needs to know. A character card fits. */
export interface ChatPersona {
  readonly id?: string | undefined
  readonly name: string
  /** What it is called in talk. Default: its name. */
  readonly nickname?: string | undefined
  /** Its instructions, where the request brings none of its own. */
  readonly systemPrompt?: string | undefined
  /** Instructions put behind the turn being sent. */
  readonly postHistoryInstructions?: string | undefined
  /** What it says first in a conversation that `create` begins with it. */
  readonly greeting?: string | undefined
}

/** What a persona is called in talk. */
export function displayName(persona: ChatPersona | undefined): string | undefined {
  const { nickname = '', name } = persona ?? {}
  return nickname.trim() === '' ? name : nickname
}
