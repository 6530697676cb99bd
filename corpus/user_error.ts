/**
 * An error that the user can mend: the message is one line that names the file, the place in it and the remedy. The command
 * line prints the message alone and exits with code 1.
 */
export class UserError extends Error {
  /** The name that error printers show. */
  override name = "UserError";

  /** Line breaks, which names of files and messages of the system may bring in, become spaces. */
  constructor(message: string) {
    super(message.replace(/\s*[\r\n]+\s*/g, " "));
  }
}
