import { describe, expect, test } from 'vitest'
import { checkFolders, folderLines, tableBelow } from './house/folders.ts'
import { checkGlossary, glossaryPage } from './house/glossary.ts'
import { readPages, readSources, type Sources } from './house/sources.ts'

const src = readSources()
const page = readPages().get(glossaryPage) ?? ''

describe('every folder has one sentence that says what it holds', () => {
  const tree = (...paths: string[]): Sources => new Map(paths.map((path) => [path, '']))
  const words = (count: number): string => `${'word '.repeat(count - 1)}word.`

  test.each([
    ['src/attic: no sentence', tree('src/attic/box.ts'), {}],
    ['src/core/attic: no sentence', tree('src/core/attic/box.ts'), { core: 'Calls.' }],
    ['src/attic: a sentence for a folder that', tree('src/index.ts'), { attic: 'Boxes.' }],
    ['src/attic: a sentence of 26 words', tree('src/attic/box.ts'), { attic: words(26) }],
    ['src/attic: say what it holds in one', tree('src/attic/box.ts'), { attic: 'Boxes. And bags.' }],
    ['src/attic: say what it holds in one', tree('src/attic/box.ts'), { attic: 'Boxes' }],
  ])('a breach is caught: %s', (says, sources, table) => {
    expect(checkFolders(sources, table)).toEqual([expect.stringContaining(says)])
  })

  test('folders that have theirs pass', () => {
    const table = { core: words(25), 'core/a': 'Node.js at v1.2 of it.' }
    expect(checkFolders(tree('src/index.ts', 'src/core/a/b/c.ts'), table)).toEqual([])
  })

  test('the tree keeps it', () => {
    expect(checkFolders(src)).toEqual([])
  })

  test('the architecture page lists these sentences', () => {
    expect(tableBelow('Folders', page)).toEqual(folderLines())
  })
})

describe('the glossary explains the words of the project', () => {
  const changed = (from: string | RegExp, to: string): Sources =>
    new Map([...src, [glossaryPage, page.replace(from, to)]])

  test.each([
    ['the glossary does not explain "lease"', changed('| lease |', '| leash |')],
    ['the glossary does not explain "reply"', changed('body, frame, reply |', 'body, frame |')],
    ['the glossary has two meanings of "turn"', changed('| quirk |', '| turn |')],
    ['"slot" has no meaning', changed(/\| slot \|[^|]*\|/, '| slot | |')],
    ['src/attic is in the glossary and not', changed('`src/queue` |', '`src/attic` |')],
    ['src/core/cal is in the glossary and not', changed('`src/core/call.ts` |', '`src/core/cal` |')],
  ])('a breach is caught: %s', (says, sources) => {
    expect(checkGlossary(sources)).toEqual([expect.stringContaining(says)])
  })

  test('a page without a glossary is caught', () => {
    expect(checkGlossary(changed('## Glossary', '## Words')).length).toBeGreaterThan(20)
  })

  test('the architecture page has it', () => {
    expect(checkGlossary(changed('', ''))).toEqual([])
  })
})
