/** Hashes passwords away from the thread that serves. */
export interface PasswordHasher {
  /** bcrypt, cost 10 as etcd's --bcrypt-cost. */
  hash(password: string): Promise<string>
  matches(password: string, hash: string): Promise<boolean>
  stop(): Promise<void>
}
