/** One thing for each type of each application. Nested, since to join the two names for a key costs more than to look up both. */
export class TypeMap<T> {
  private readonly byApplication = new Map<string, Map<string, T>>();

  get(application: string, type: string): T | undefined {
    return this.byApplication.get(application)?.get(type);
  }

  set(application: string, type: string, value: T): void {
    const types = this.byApplication.get(application);
    if (types) types.set(type, value);
    else this.byApplication.set(application, new Map([[type, value]]));
  }
}
