/** What a schema says of a bad value, in words. Without it zod/mini says "Invalid input" of everything. */
import { config, locales } from 'zod/mini';

config(locales.en());
