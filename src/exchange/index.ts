export { exchangeChat, renderChatBody } from './chat.ts'
export { envName, fromEnvironment } from './environment.ts'
export { requestJson, type JsonRequest, type JsonResult } from './json-request.ts'
export { prepareEndpoint } from './prepared-endpoint.ts'
