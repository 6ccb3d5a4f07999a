import type { FakeScript } from 'llm-switchyard/testing'

/** What the fake models say: the main agent delegates the search, then writes the file, then answers. */
export const script: FakeScript = ({ system, turns }) => {
  const done = turns.filter(({ role }) => role === 'assistant').length
  if (system.startsWith('You are Content Agent.'))
    return done === 0
      ? { toolCalls: [{ name: 'search_project_files', arguments: { query: 'README' } }] }
      : 'README.md'
  const steps = [
    { toolCalls: [{ name: 'delegate_to_content_agent', arguments: { task: 'Where is the read-me?' } }] },
    {
      toolCalls: [
        { name: 'write_project_file', arguments: { path: 'README.md', text: '# Harbour\n\nBoats.\n' } },
      ],
    },
    'The read-me has its text now.',
  ]
  return steps[Math.min(done, 2)] ?? ''
}
