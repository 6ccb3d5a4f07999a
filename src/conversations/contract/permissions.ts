import { LlmError } from '../../core/error.ts'
import { optionsSchema } from '../../core/options.ts'
import type { ChatRequest } from '../../core/request.ts'
import { callable, type Group } from '../../core/schema.ts'
import type { Member, MemberRole } from '../storage/index.ts'

/** The user who calls. The application sets it from its own sign-in, never from the content of a request. */
export interface Identity {
  readonly userId: string
  /** Organisation that the user acts for. */
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
  /** What the user may use: tools whose `permission` is not among these are neither shown nor run. Default: nothing. */
  readonly permissions?: readonly string[] | undefined
}

/** Who a call of a turn is made for. The service has checked the access to the conversation. */
export function callerOf(
  { userId, orgId }: Identity,
  tags?: ChatRequest['tags'],
): Pick<ChatRequest, 'userId' | 'tags' | 'conversationChecked'> {
  const known = orgId === undefined ? tags : { ...tags, tenant: orgId }
  return { userId, conversationChecked: true, ...(known && { tags: known }) }
}

/** A kind of access to a conversation. Each role has some of these, see `permissionsOf`. */
export type Permission = 'read' | 'write' | 'deploy' | 'admin'

/** The operations of the chat service, as passed to `access.allow`. */
export type Operation =
  | 'create'
  | 'list'
  | 'get'
  | 'update'
  | 'delete'
  | 'setMember'
  | 'removeMember'
  | 'send'
  | 'post'
  | 'regenerate'
  | 'resend'
  | 'fork'
  | 'variants'
  | 'chooseVariant'
  | 'history'
  | 'getMessage'
  | 'editMessage'
  | 'deleteMessage'
  | 'search'
  | 'threads'
  | 'toggleReaction'
  | 'reactions'
  | 'attach'
  | 'attachments'
  | 'detach'
  | 'addTask'
  | 'updateTask'
  | 'tasks'
  | 'summarize'
  | 'summaries'
  | 'export'
  | 'import'
  | 'usage'

/** Owner, organisation, project and members of a conversation. */
export interface Ownership {
  readonly userId: string
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
  /** Members besides the owner. */
  readonly members?: readonly Member[] | undefined
}

/** A permission check: may `identity` do `operation`? */
export interface AccessRequest {
  readonly identity: Identity
  readonly operation: Operation
  readonly permission: Permission
  /** Absent for operations that do not concern one conversation. */
  readonly conversation?: (Ownership & { readonly id: string }) | undefined
  /** If there is no conversation: owner, organisation and project of the new conversation or the list. */
  readonly place?: Ownership | undefined
}

/**
 * Roles and permissions of the application. Default: users see their own conversations and those they are a member of, each
 * within the organisation of their identity. Users of one organisation do not see each other's conversations.
 */
export interface AccessOptions {
  /**
   * Returns the user's role in the conversations of an organisation, `undefined` for none. Default: none; the identity's
   * organisation is then the tenant, and equal user ids of two tenants are two users.
   */
  readonly orgRole?:
    | ((identity: Identity, orgId: string) => MemberRole | undefined | Promise<MemberRole | undefined>)
    | undefined
  /** Returns the user's role in a project, in addition to `orgRole`. Default: the role in the organisation. */
  readonly projectRole?:
    | ((
        identity: Identity,
        project: { readonly orgId: string | undefined; readonly projectId: string },
      ) => MemberRole | undefined | Promise<MemberRole | undefined>)
    | undefined
  /** Called for every operation that the roles allow. Returning false denies it. */
  readonly allow?: ((request: AccessRequest) => boolean | Promise<boolean>) | undefined
}

/** The schema of {@link AccessOptions}. */
export const accessSchema: Group = optionsSchema<AccessOptions>()(() => ({
  orgRole: callable,
  projectRole: callable,
  allow: callable,
}))

/** The permission that each operation requires. */
export const operations: Readonly<Record<Operation, Permission>> = Object.freeze({
  create: 'write',
  list: 'read',
  get: 'read',
  update: 'write',
  delete: 'admin',
  setMember: 'admin',
  removeMember: 'admin',
  send: 'write',
  post: 'write',
  regenerate: 'write',
  resend: 'write',
  fork: 'read',
  variants: 'read',
  chooseVariant: 'write',
  history: 'read',
  getMessage: 'read',
  editMessage: 'write',
  deleteMessage: 'write',
  search: 'read',
  threads: 'read',
  toggleReaction: 'write',
  reactions: 'read',
  attach: 'write',
  attachments: 'read',
  detach: 'write',
  addTask: 'write',
  updateTask: 'write',
  tasks: 'read',
  summarize: 'write',
  summaries: 'read',
  export: 'read',
  import: 'write',
  usage: 'read',
})

const permissions: Readonly<Record<MemberRole, readonly Permission[]>> = Object.freeze({
  owner: ['read', 'write', 'deploy', 'admin'],
  admin: ['read', 'write', 'deploy', 'admin'],
  editor: ['read', 'write', 'deploy'],
  member: ['read', 'write'],
  viewer: ['read'],
})

/** The permissions of a role. */
export function permissionsOf(role: MemberRole): readonly Permission[] {
  return Object.hasOwn(permissions, role) ? permissions[role] : []
}

/** Decides whether a user may do an operation. */
export interface Guard {
  /** Returns the identity. Throws `unauthorized` if it has no user id. */
  identify(identity: Identity | undefined): Identity
  /** Resolves to the user's role in a conversation; `undefined` if the user has none. */
  roleIn(identity: Identity, conversation: Ownership): Promise<MemberRole | undefined>
  /**
   * Resolves to the user's role in a conversation. Rejects with `not-found` if the user has no role, which hides that the
   * conversation exists, and with `unauthorized` if the role lacks the permission.
   */
  check(
    identity: Identity,
    operation: Operation,
    conversation: Ownership & { readonly id: string },
  ): Promise<MemberRole>
  /** Checks an operation without a conversation, such as `create` or `list`. Rejects with `unauthorized` if it is denied. */
  checkPlace(identity: Identity, operation: Operation, place: Ownership): Promise<MemberRole>
}

/** Creates the guard of a chat service. */
export function createGuard(options: AccessOptions = {}): Guard {
  const guard: Guard = {
    identify,
    roleIn: (identity, conversation) => roleIn(options, identity, conversation),
    check: async (identity, operation, conversation) => {
      const role = await roleIn(options, identity, conversation)
      if (role === undefined) throw unknownConversation(conversation.id)
      await permit(options, role, { identity, operation, conversation, permission: operations[operation] })
      return role
    },
    checkPlace: async (identity, operation, place) => {
      const role = await roleAt(options, identity, place)
      if (role === undefined) throw forbidden(operation, placeName(place))
      await permit(options, role, { identity, operation, permission: operations[operation], place })
      return role
    },
  }
  return guard
}

/** `not-found` for a conversation that is missing or not visible to the user. Both look the same to the caller. */
export function unknownConversation(id: string): LlmError {
  const message = `no conversation "${id}" for this user; omit conversationId to start a new one`
  return new LlmError('not-found', message, { code: 'conversation-not-found' })
}

function identify(identity: Identity | undefined): Identity {
  if (typeof identity?.userId === 'string' && identity.userId !== '') return identity
  const message = 'identity.userId is missing: pass identity: { userId }'
  throw new LlmError('unauthorized', message, { code: 'no-identity' })
}

// A user who left an organisation has no access to its conversations, not even to their own.
async function roleIn(
  { orgRole, projectRole }: AccessOptions,
  identity: Identity,
  { userId, orgId, projectId, members = [] }: Ownership,
): Promise<MemberRole | undefined> {
  if (orgRole === undefined && orgId !== identity.orgId) return undefined
  const invited = members.find((member) => member.userId === identity.userId)?.role
  const personal = userId === identity.userId ? 'owner' : invited
  const inOrg = orgId === undefined ? undefined : await orgRole?.(identity, orgId)
  if (orgRole !== undefined && orgId !== undefined && inOrg === undefined) return undefined
  if (projectId === undefined || projectRole === undefined) return strongest([personal, inOrg])
  const inProject = await projectRole(identity, { orgId, projectId })
  const manages = inOrg === 'owner' || inOrg === 'admin' ? inOrg : undefined
  if (inProject === undefined && manages === undefined) return undefined
  return strongest([personal, inProject, manages])
}

// A user's own lists belong to no organisation.
function roleAt(
  options: AccessOptions,
  identity: Identity,
  place: Ownership,
): Promise<MemberRole | undefined> {
  const isOwn = place.orgId === undefined && place.projectId === undefined
  const { orgId } = isOwn && options.orgRole === undefined ? identity : place
  return roleIn(options, identity, { ...place, orgId })
}

function strongest(roles: readonly (MemberRole | undefined)[]): MemberRole | undefined {
  const held = roles.filter((role) => role !== undefined)
  return held.toSorted((a, b) => permissionsOf(b).length - permissionsOf(a).length)[0]
}

async function permit({ allow }: AccessOptions, role: MemberRole, request: AccessRequest): Promise<void> {
  const { operation, permission, conversation } = request
  const where = conversation === undefined ? 'here' : `in conversation "${conversation.id}"`
  if (!permissionsOf(role).includes(permission)) throw forbidden(operation, where, role)
  if (allow !== undefined && !(await allow(request))) throw forbidden(operation, where, role)
}

function forbidden(operation: Operation, where: string, role?: MemberRole): LlmError {
  const reason = role === undefined ? 'this user is not a member' : `not allowed for the role ${role}`
  return new LlmError('unauthorized', `"${operation}" ${where} denied: ${reason}`, { code: 'forbidden' })
}

function placeName({ orgId, projectId }: Ownership): string {
  return projectId === undefined ? `in organisation "${orgId}"` : `in project "${projectId}"`
}

/** Owner, organisation and project of a conversation that a request starts. Default: those of the identity. */
export function ownerScope({
  identity,
  orgId = identity.orgId,
  projectId = orgId === identity.orgId ? identity.projectId : undefined,
}: {
  readonly identity: Identity
  readonly orgId?: string | undefined
  readonly projectId?: string | undefined
}): { userId: string; orgId: string | undefined; projectId: string | undefined } {
  return { userId: identity.userId, orgId, projectId }
}
