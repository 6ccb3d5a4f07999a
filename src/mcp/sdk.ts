import type * as client from '@modelcontextprotocol/sdk/client/index.js'
import type * as server from '@modelcontextprotocol/sdk/server/mcp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type * as types from '@modelcontextprotocol/sdk/types.js'
import { LlmError } from '../core/error.ts'

export type { Transport as SdkTransport }
export type SdkClient = client.Client
/** A server that leaves lists and calls to its handlers. */
export type SdkServer = server.McpServer['server']
/** The schemas of the protocol. */
export type SdkTypes = typeof types

/**
 * A transport of the SDK, for servers and clients that are reached in a way of their own. Declared here so that these types
 * compile without the SDK.
 */
export interface McpTransport {
  start(): Promise<void>
  send(message: never, options?: never): Promise<void>
  close(): Promise<void>
}

/** Loads the client of the SDK and its schemas. Rejects with `misconfigured` if the SDK is not installed. */
export async function loadClient(): Promise<readonly [typeof client, SdkTypes]> {
  return load(
    Promise.all([
      import('@modelcontextprotocol/sdk/client/index.js'),
      import('@modelcontextprotocol/sdk/types.js'),
    ]),
  )
}

/** Loads the server of the SDK and its schemas. Rejects with `misconfigured` if the SDK is not installed. */
export async function loadServer(): Promise<readonly [typeof server, SdkTypes]> {
  return load(
    Promise.all([
      import('@modelcontextprotocol/sdk/server/mcp.js'),
      import('@modelcontextprotocol/sdk/types.js'),
    ]),
  )
}

/** Waits for modules of the SDK. Rejects with `misconfigured` if it is not installed. */
export async function load<T>(modules: Promise<T>): Promise<T> {
  try {
    return await modules
  } catch (cause) {
    const message =
      'llm-switchyard/mcp needs the package @modelcontextprotocol/sdk, which could not be loaded: npm install @modelcontextprotocol/sdk'
    throw new LlmError('misconfigured', message, { cause })
  }
}
