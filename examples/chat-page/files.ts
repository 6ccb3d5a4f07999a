import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  ts: 'text/javascript; charset=utf-8',
}
const HEADERS = {
  'cache-control': 'no-cache',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

const own = new URL('./page/', import.meta.url)

/** Serves the files in `folder`, and the modules of the package under `/switchyard/`: without a bundler or other hosts. */
export async function servePage(request: Request, folder: URL = own): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return new Response('Only GET here.', { status: 405, headers: { ...HEADERS, allow: 'GET, HEAD' } })
  const file = fileOf(pathname, folder)
  const type = TYPES[file?.pathname.split('.').at(-1) ?? '']
  if (file === undefined || type === undefined) return notFound()
  try {
    const text = await readFile(file, 'utf8')
    const body = file.pathname.endsWith('.ts') ? scriptOf(text) : text
    return new Response(request.method === 'HEAD' ? null : body, {
      headers: { ...HEADERS, 'content-type': type },
    })
  } catch {
    return notFound()
  }
}

/** The module of the client: `dist/client/index.js`, or its source if the package name resolves to that. */
const client = new URL(import.meta.resolve('llm-switchyard/client'))
const library = new URL(client.pathname.endsWith('.ts') ? '../../' : '../', client)

function fileOf(pathname: string, folder: URL): URL | undefined {
  const [base, name] = pathname.startsWith('/switchyard/')
    ? [library, pathname.slice('/switchyard/'.length)]
    : [folder, pathname === '/' ? 'index.html' : pathname.slice(1)]
  // Plain names only, so that no path leads out of the folder.
  if (!/^[\w-]+(\/[\w-]+)*\.(html|css|js|ts)$/.test(name)) return undefined
  if (base === library && !/\.(js|ts)$/.test(name)) return undefined
  return new URL(name, base)
}

// Package names are replaced, because a browser resolves URLs only.
function scriptOf(text: string): string {
  const address = `/switchyard/${client.href.slice(library.href.length)}`
  return stripTypeScriptTypes(text).replaceAll("'llm-switchyard/client'", `'${address}'`)
}

function notFound(): Response {
  return new Response('Not found', { status: 404, headers: HEADERS })
}
