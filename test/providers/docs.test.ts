import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { catalogue, defineProvider } from 'llm-switchyard'
import { createRegistry, openaiChat } from 'llm-switchyard/adapter'
import { explainParams } from '../../src/core/params.ts'
import { describe, expect, test } from 'vitest'
import { root } from '../../scripts/entries.ts'
import { providersDoc, providersPage } from '../../scripts/providers-doc.ts'

describe('docs/providers.md', () => {
  const page = readFileSync(providersPage, 'utf8')

  test('is fresh: run `npm run docs:providers` otherwise', () => {
    expect(page === providersDoc()).toBe(true)
  })

  test('has a row and a section for every provider', () => {
    for (const { id, name, docs = '', verifiedOn: checked = '' } of catalogue) {
      expect(page).toContain(`[${name}](#${id.replaceAll('.', '')}) \`${id}\``)
      const section = sectionOf(page, id)
      expect(section).toContain(docs)
      expect(section).toContain(checked)
    }
  })

  test('tells every setting that a provider drops, with its reason', () => {
    const registry = createRegistry(catalogue)
    for (const { id, params = {} } of catalogue) {
      const section = sectionOf(page, id)
      for (const { setting, action, why = '' } of explainParams(
        registry.resolve({ provider: id, model: '*', api: '' }).params,
      )) {
        const own = params[setting]?.drop !== undefined
        if (action !== 'dropped' || !own) continue
        expect(section).toContain(`\`${setting}\``)
        expect(section).toContain(why.replaceAll('|', String.raw`\|`))
      }
    }
  })

  test('tells what could not be checked', () => {
    for (const { id, unverified } of catalogue)
      if (unverified !== undefined) expect(sectionOf(page, id)).toContain(unverified)
  })

  test('is made from the data alone, and made on demand only', () => {
    const made = providersDoc([
      defineProvider({
        id: 'made-up',
        name: 'Made up',
        dialect: openaiChat,
        baseUrl: 'https://api.made-up.test/v1',
        auth: { type: 'header', name: 'x-made-up' },
        env: ['MADE_UP_KEY'],
        params: { seed: { drop: 'nothing is drawn by lot' }, topK: { to: 'best_of_k' } },
      }),
    ])
    for (const word of [
      'x-made-up',
      'MADE_UP_KEY',
      'https://api.made-up.test/v1',
      'nothing is drawn by lot',
      'best_of_k',
    ])
      expect(made).toContain(word)
    expect(readFileSync(providersPage, 'utf8')).toBe(page)
  })
})

/** The part of the page about one provider. */
function sectionOf(page: string, id: string): string {
  const sections = page.split(/^### /m)
  const found = sections.find((section) => section.startsWith(`${id}\n`))
  if (found === undefined) throw new Error(`no section for ${id}`)
  return found
}

describe('docs/adding-a-provider.md', () => {
  test('leads to files that exist', () => {
    const page = readFileSync(join(root, 'docs/adding-a-provider.md'), 'utf8')
    const links = [...page.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path = '']) => path)
    expect(links.length).toBeGreaterThan(2)
    for (const path of links) expect(statSync(join(root, 'docs', path)).size).toBeGreaterThan(0)
  })
})
