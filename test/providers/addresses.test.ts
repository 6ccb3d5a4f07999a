import { chatApiCall, embed, listModels, LlmError, type ChatRequest } from 'llm-switchyard'
import { type HttpRequest } from 'llm-switchyard/adapter'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { noting, refusalOf, sentBy } from './sent.ts'

const NAMES = [
  'AZURE_OPENAI_RESOURCE',
  'AZURE_RESOURCE_NAME',
  'AZURE_OPENAI_API_VERSION',
  'OPENAI_API_VERSION',
  'GOOGLE_VERTEX_PROJECT',
  'GOOGLE_CLOUD_PROJECT',
  'GOOGLE_VERTEX_LOCATION',
  'GOOGLE_CLOUD_LOCATION',
  'CLOUDFLARE_ACCOUNT_ID',
]

beforeEach(() => {
  for (const name of NAMES) vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const messages = [{ role: 'user' as const, content: 'Hi' }]
// Shaped as a JSON web token, whose first part is an object in base64url.
const token = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${'e'.repeat(12)}.${'f'.repeat(12)}`

/** The request of a streamed call. */
async function streamed(request: Partial<ChatRequest>): Promise<HttpRequest> {
  const requests: HttpRequest[] = []
  const call = { model: 'm', apiKey: 'key', messages, ...request, stream: true as const }
  // The stub knows no streams: how the call ends does not matter.
  await chatApiCall({ ...call, transport: noting(requests) })
    .then((stream) => stream.response)
    .catch(() => undefined)
  return requests[0] as HttpRequest
}

/** The request of an embeddings call. */
async function embedding(request: Parameters<typeof embed>[0]): Promise<HttpRequest> {
  const requests: HttpRequest[] = []
  await embed({ apiKey: 'key', ...request, transport: noting(requests) }).catch(() => undefined)
  return requests[0] as HttpRequest
}

describe('Azure OpenAI', () => {
  const azure = { provider: 'azure', model: 'gpt-4.1-mini', variables: { resource: 'my-place' } }

  test('the v1 path of a resource, and the key in a header of its own', async () => {
    const { url, headers, body } = await sentBy(azure)
    expect(url).toBe('https://my-place.openai.azure.com/openai/v1/chat/completions')
    expect(headers).toMatchObject({ 'api-key': 'key' })
    expect(headers).not.toHaveProperty('authorization')
    expect(body['model']).toBe('gpt-4.1-mini')
  })

  test('a function’s token goes as a bearer', async () => {
    const { headers } = await sentBy({ ...azure, apiKey: async () => token })
    expect(headers).toMatchObject({ authorization: `Bearer ${token}` })
    expect(headers).not.toHaveProperty('api-key')
  })

  test('a resource from the environment', async () => {
    vi.stubEnv('AZURE_OPENAI_RESOURCE', 'elsewhere')
    const { url } = await sentBy({ ...azure, variables: undefined })
    expect(url).toMatch(/^https:\/\/elsewhere\.openai\.azure\.com\//)
  })

  test('a deployment has an address of its own, with a version of the API and no model in the body', async () => {
    const { url, body } = await sentBy({ ...azure, api: 'deployments', model: 'our own name' })
    expect(url).toBe(
      'https://my-place.openai.azure.com/openai/deployments/our%20own%20name/chat/completions?api-version=2024-10-21',
    )
    expect(body).not.toHaveProperty('model')
    const variables = { resource: 'my-place', apiVersion: '2025-04-01-preview' }
    const newer = await streamed({ ...azure, api: 'deployments', variables })
    expect(newer.url).toMatch(/\/chat\/completions\?api-version=2025-04-01-preview$/)
    vi.stubEnv('OPENAI_API_VERSION', '2024-06-01')
    const older = await sentBy({ ...azure, api: 'deployments' })
    expect(older.url).toMatch(/\?api-version=2024-06-01$/)
  })

  test('embeddings, by both paths', async () => {
    const { variables } = azure
    const vector = { provider: 'azure', model: 'text-embedding-3-small', input: 'Hi', variables }
    expect((await embedding(vector)).url).toBe('https://my-place.openai.azure.com/openai/v1/embeddings')
    expect((await embedding({ ...vector, api: 'deployments' })).url).toBe(
      'https://my-place.openai.azure.com/openai/deployments/text-embedding-3-small/embeddings?api-version=2024-10-21',
    )
  })

  test('responses, under the same path', async () => {
    const { url } = await streamed({ ...azure, api: 'responses' })
    expect(url).toBe('https://my-place.openai.azure.com/openai/v1/responses')
  })

  test('a deployment named like its model has that model’s settings', async () => {
    const { body } = await sentBy({ ...azure, model: 'gpt-5-mini', maxTokens: 9, temperature: 0.2 })
    expect(body).toMatchObject({ max_completion_tokens: 9 })
    expect(body).not.toHaveProperty('temperature')
  })
})

describe('Vertex AI', () => {
  const variables = { project: 'my-project' }
  const vertex = { provider: 'vertex', model: 'gemini-2.5-flash', variables }

  test.each([
    [undefined, 'aiplatform.googleapis.com', 'global'],
    ['eu', 'aiplatform.eu.rep.googleapis.com', 'eu'],
    ['us', 'aiplatform.us.rep.googleapis.com', 'us'],
    ['europe-west4', 'europe-west4-aiplatform.googleapis.com', 'europe-west4'],
  ])('location %s is at %s', async (location, host, path) => {
    const set = location === undefined ? variables : { ...variables, location }
    const { url, headers } = await sentBy({ ...vertex, variables: set, apiKey: async () => 'ya29.token' })
    expect(url).toBe(
      `https://${host}/v1beta1/projects/my-project/locations/${path}/publishers/google/models/gemini-2.5-flash:generateContent`,
    )
    expect(headers).toMatchObject({ authorization: 'Bearer ya29.token' })
  })

  test('the environment names project and location; a variable of the call comes first', async () => {
    vi.stubEnv('GOOGLE_CLOUD_PROJECT', 'of-the-cloud')
    vi.stubEnv('GOOGLE_CLOUD_LOCATION', 'us-east5')
    const { url } = await sentBy({ ...vertex, variables: undefined })
    expect(url).toMatch(/^https:\/\/us-east5-.*\/projects\/of-the-cloud\/locations\/us-east5\//)
    expect((await sentBy(vertex)).url).toContain('/projects/my-project/locations/us-east5/')
  })

  test('Claude: its own method, the version in the body and no model there', async () => {
    const claude = { ...vertex, api: 'anthropic', model: 'claude-sonnet-4-5@20250929' }
    const base =
      'https://aiplatform.googleapis.com/v1/projects/my-project/locations/global/publishers/anthropic/models'
    const plain = await sentBy(claude)
    expect(plain.url).toBe(`${base}/claude-sonnet-4-5@20250929:rawPredict`)
    expect(plain.body).toMatchObject({
      anthropic_version: 'vertex-2023-10-16',
      messages: [{ role: 'user', content: 'Hi' }],
    })
    expect(plain.body).not.toHaveProperty('model')
    const stream = await streamed(claude)
    expect(stream.url).toBe(`${base}/claude-sonnet-4-5@20250929:streamRawPredict`)
    const body = JSON.parse(stream.body ?? '') as object
    expect(body).toMatchObject({ anthropic_version: 'vertex-2023-10-16', stream: true })
    expect(body).not.toHaveProperty('model')
  })

  test('a model id cannot lead out of its path', async () => {
    const { url } = await sentBy({ ...vertex, api: 'anthropic', model: '../../x?y=#z' })
    expect(url).toMatch(/\/models\/\.\.%2F\.\.%2Fx%3Fy%3D%23z:rawPredict$/)
  })

  test('with a key in place of a project', async () => {
    const { url, headers } = await sentBy({ ...vertex, variables: undefined, api: 'express' })
    expect(url).toBe(
      'https://aiplatform.googleapis.com/v1/publishers/google/models/gemini-2.5-flash:generateContent',
    )
    expect(headers).toMatchObject({ 'x-goog-api-key': 'key' })
  })

  test('embeddings', async () => {
    const { url, body } = await embedding({
      provider: 'vertex',
      model: 'text-embedding-005',
      input: 'Hi',
      variables,
    })
    expect(url).toMatch(/\/publishers\/google\/models\/text-embedding-005:predict$/)
    expect(JSON.parse(body ?? '')).toMatchObject({ instances: [{ content: 'Hi' }] })
  })
})

describe('Cloudflare', () => {
  test('the account stands in the path, and a model keeps its whole id', async () => {
    const model = '@cf/meta/llama-3.1-8b-instruct'
    const cloudflare = { provider: 'cloudflare', model, variables: { account: 'abc123' } }
    const { url, body } = await sentBy(cloudflare)
    expect(url).toBe('https://api.cloudflare.com/client/v4/accounts/abc123/ai/v1/chat/completions')
    expect(body['model']).toBe(model)
  })
})

describe('a variable', () => {
  test.each([
    ['azure', 'resource', 'AZURE_OPENAI_RESOURCE'],
    ['vertex', 'project', 'GOOGLE_VERTEX_PROJECT'],
    ['cloudflare', 'account', 'CLOUDFLARE_ACCOUNT_ID'],
  ])('of %s that nobody set is asked for before anything is sent', async (provider, name, env) => {
    const error = await refusalOf({ provider, model: 'm', apiKey: 'key' })
    expect(error.kind).toBe('misconfigured')
    expect(error.message).toContain(name)
    expect(error.message).toContain(env)
    vi.stubEnv(env, '  ')
    expect((await refusalOf({ provider, model: 'm', apiKey: 'key' })).kind).toBe('misconfigured')
  })

  test('cannot lead the key to another host', async () => {
    const variables = { resource: 'evil.test/' }
    const error = await refusalOf({ provider: 'azure', model: 'm', apiKey: 'key', variables })
    expect(error.issues?.[0]?.path).toBe('variables.resource')
  })
})

test('where a vendor has no list of models, that is said before anything is sent', async () => {
  const requests: HttpRequest[] = []
  const list = listModels({ provider: 'cloudflare', apiKey: 'key', transport: noting(requests) })
  const error: unknown = await list.catch((caught: unknown) => caught)
  expect(LlmError.is(error) && error.kind).toBe('unsupported')
  expect(requests).toEqual([])
})
