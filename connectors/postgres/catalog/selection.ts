// Which tables the options want, and what of them. Whether the publication has them is asked by checks.ts.

export interface TableOptions {
  /** `schema.table`, each as the catalog writes it, without quotes. */
  readonly table: string;
  readonly columns?: readonly string[];
  readonly where?: string;
}

/** The name alone, or with what is wanted of the table. */
export type TableOption = string | TableOptions;

export interface Selection {
  readonly publication: string;
  /** undefined: all that are published. */
  readonly tables?: readonly TableOption[] | undefined;
}

/** `schema.table`: what it is named by in records and findings. */
export function tableNameOf(option: TableOption): string {
  return typeof option === 'string' ? option : option.table;
}
