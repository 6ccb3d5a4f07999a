import { readFile } from 'node:fs/promises'
import type { MessageInput, Orchestrator } from 'llm-switchyard'
import {
  createChatDictionary,
  createMemoryPersonaStore,
  createPersonaLibrary,
  createPromptComposer,
  greetingOf,
  fillPlaceholders,
  mapResponseText,
  parseDictionaryText,
} from 'llm-switchyard/prompts'
import { createPromptLibrary } from 'llm-switchyard/templates'

/** How the instructions of the chat are put together; the persona's own come first. */
const template = {
  name: 'harbour',
  system: `{{ character_system_prompt }}
{{ personality|capitalize }}. {{ scenario }}
{%- if weather %}
Weather: {{ weather.sky }}{% for warning in weather.warnings %}; warning of {{ warning }}{% endfor %}.
{%- endif %}`,
}

/** What a chat runs on. */
export interface PersonaChatOptions {
  readonly orchestrator: Orchestrator
  readonly model: string
  readonly user: string
  /** Called with every piece of an answer as it comes. */
  readonly write: (text: string) => void
}

/** A talk with one persona. */
export interface PersonaChat {
  readonly greeting: string
  /** Sends what the user says and gives the answer. Rejects with an `LlmError`; the history is then as before. */
  say(text: string): Promise<string>
  readonly history: readonly MessageInput[]
}

/** Reads the card and the lore beside this file and opens a talk. */
export async function openChat({
  orchestrator,
  model,
  user,
  write,
}: PersonaChatOptions): Promise<PersonaChat> {
  const personas = createPersonaLibrary({ store: createMemoryPersonaStore() })
  await personas.import(await readFile(new URL('keeper.json', import.meta.url), 'utf8'))
  const { persona } = await personas.find('Maren')

  const lore = parseDictionaryText(await readFile(new URL('lore.md', import.meta.url), 'utf8'))
  // What the user writes is explained to the model; what the model writes is spelt as the house spells it.
  const before = createChatDictionary({ entries: lore.entries })
  const after = createChatDictionary({ entries: [{ key: 'grey', content: 'gray' }] })
  const composer = createPromptComposer({ library: createPromptLibrary({ templates: [template] }) })
  const data = { weather: { sky: 'fog', warnings: ['gales'] } }

  const greeting = fillPlaceholders(greetingOf(persona), { char: persona.name, user })
  const history: MessageInput[] = [{ role: 'assistant', content: greeting }]
  return {
    greeting,
    history,
    say: async (text) => {
      const turn: MessageInput = { role: 'user', content: (await before.apply(text)).text }
      const { system, messages } = await composer.compose({
        messages: [...history, turn],
        persona,
        template: template.name,
        data,
        user,
        examples: true,
      })
      const stream = await orchestrator.chatApiCall({ model, system, messages, userId: user, stream: true })
      for await (const event of stream) if (event.type === 'text-delta') write(event.text)
      const answer = await mapResponseText(
        await stream.response,
        async (words) => (await after.apply(words)).text,
      )
      history.push(turn, answer.message)
      return answer.text
    },
  }
}
