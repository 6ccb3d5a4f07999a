import { createRequire } from 'node:module'

interface Environment {
  renderString(source: string, data: object): string
}

interface Nunjucks {
  readonly Environment: new (loader: null, options: object) => Environment
}

const nunjucks = createRequire(import.meta.url)('nunjucks') as Nunjucks

/** Renders with nunjucks itself, unescaped. Only for templates of these tests. */
export function renderStock(source: string, data: object): string {
  return new nunjucks.Environment(null, { autoescape: false }).renderString(source, data)
}
