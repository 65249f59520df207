// Ways to log in that init knows: those of a user name and a password. Apart, since the command line asks for it before init is
// loaded.

export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
