import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../scripts/entries.ts'
import { compileSnippets, pages, snippetsOf } from '../scripts/snippets.ts'

const PAGE = `# A page

\`\`\`ts
import { chatApiCall } from 'llm-switchyard'

const reply = await chatApiCall({ messages: [] })
reply.txet
\`\`\`

- In a list:
  \`\`\`typescript
  export const untyped = (value) => value
  \`\`\`

\`\`\`sh
not TypeScript
\`\`\`

\`\`\`ts
// src/providers/tide-ai.ts
import { defineProvider } from '../core/provider.ts'

export const tideAi = defineProvider({ id: 7 })
\`\`\`

\`\`\`tsx
// src/providers/catalogue/index.ts
export { tideAi, riverAi } from '../tide-ai.ts'
const twice = 1
const twice = 2
\`\`\`
`

// The step `docs` of npm test compiles the real pages; this is about what it would find.
test('an error in a snippet is reported by page and line, also in a file of the package', () => {
  const snippets = snippetsOf('docs/page.md', PAGE)
  const errors = compileSnippets(snippets, join(root, 'node_modules/.cache/snippets-of-a-test'))
  expect(errors.map((error) => error.split('\n')[0])).toEqual([
    expect.stringContaining("docs/page.md:7: TS2339: Property 'txet' does not exist"),
    expect.stringContaining("docs/page.md:12: TS7006: Parameter 'value' implicitly has an 'any' type"),
    expect.stringContaining('docs/page.md:23: TS2'),
    expect.stringContaining('docs/page.md:28: TS2305: Module \'"../tide-ai.ts"\' has no exported member'),
    expect.stringContaining('docs/page.md:29: TS2451: Cannot redeclare'),
    expect.stringContaining('docs/page.md:30: TS2451: Cannot redeclare'),
  ])
})

test('every page is read, and the README has snippets', () => {
  expect(pages()).toEqual(expect.arrayContaining(['README.md', 'docs/stages.md', 'docs/decisions/README.md']))
  expect(snippetsOf('README.md').length).toBeGreaterThan(0)
})
