import type { FakeRequest, ScriptedReply } from 'llm-switchyard/testing'

/** Returns the reply of the fake model: a title, a tool call, a file's first line, a long text or an error. */
export function fakeReply({ system, prompt, turns }: FakeRequest): ScriptedReply {
  if (system.includes('a title of')) return `About ${prompt.split(/\s+/).slice(1, 5).join(' ')}`
  const last = turns.at(-1)
  if (last?.role === 'tool') {
    if (/then fail/i.test(prompt)) return { error: 'overloaded' }
    return paced(`The gauge says: ${last.toolResults[0]?.text ?? ''}`)
  }
  const berth = /berth (?:in|at) (\p{L}+)/iu.exec(prompt)?.[1]
  if (berth !== undefined) return { toolCalls: [{ name: 'reserve_berth', arguments: { harbour: berth } }] }
  if (/navigator/i.test(prompt) && !system.includes('You are Navigator.'))
    return { toolCalls: [{ name: 'delegate_to_navigator', arguments: { task: 'the tides at Whitby' } }] }
  const harbour = /tides? (?:in|of|at) ([\p{L}]+)/iu.exec(prompt)?.[1]
  if (harbour !== undefined)
    return { text: 'I read the gauge. ', toolCalls: [{ name: 'get_tides', arguments: { harbour } }] }
  if (/\bfail\b/i.test(prompt)) return { error: 'overloaded' }
  if (/story|long/i.test(prompt)) return { text: story(), pacing: { betweenMs: 50 } }
  return paced(`You said "${prompt}". Ask for the tides at Whitby, for a long story, or to fail.`)
}

function paced(text: string): ScriptedReply {
  return { text, pacing: { betweenMs: 15 } }
}

function story(): string {
  const places = ['the mole', 'the fish market', 'the signal house', 'the dry dock', 'the last buoy', 'home']
  return places
    .map(
      (place, index) =>
        `Part ${index + 1}. The pilot boat passed ${place}, and the crew called out the depth at every mark until the water was deep enough for the ship that followed them.`,
    )
    .join('\n\n')
}
