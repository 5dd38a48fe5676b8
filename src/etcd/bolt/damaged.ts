/** A file that can't be read as what it should be; says where, and what is wrong there. */
export class BoltDamagedError extends Error {
  override readonly name = 'BoltDamagedError'
  readonly file: string
  /** Absent when it is about the file as a whole. */
  readonly page: number | undefined

  constructor(file: string, page: number | undefined, what: string) {
    super(page === undefined ? `${file}: ${what}` : `${file}: page ${page}: ${what}`)
    this.file = file
    this.page = page
  }
}
