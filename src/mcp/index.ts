export { createMcpClient, type McpClient, type McpPrompt, type McpResource } from './client.ts'
export type {
  McpClientOptions,
  McpHttpServer,
  McpReconnect,
  McpSampling,
  McpSamplingRequest,
  McpStdioServer,
  McpToolInfo,
  McpToolsChange,
  McpToolSettings,
} from './client-options.ts'
export { createMcpServer, type McpServer } from './server.ts'
export type { McpAuthorize, McpCaller, McpServerOptions } from './server-options.ts'
export type { McpTransport } from './sdk.ts'
