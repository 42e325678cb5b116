/** Loads the messages of schema errors. Without them zod/mini reports every bad value as "Invalid input". */
import { config, locales } from 'zod/mini';

config(locales.en());
