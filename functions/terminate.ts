import { app } from '@azure/functions';
import { theApp } from '../src/app.ts';

const auditseal = theApp();

app.hook.appTerminate(() => auditseal.stop());
