import { runPost } from './commands/post';

runPost();
