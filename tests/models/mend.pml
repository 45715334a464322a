/* mend: a dead publisher's slot is mended by the broker or by a fellow, and given to another process.
 *
 * Models   slot 0's holder is dead and has left one claim open. Two fellows and the broker find it, in any order. Whoever
 *          mends takes the slot's word (state, tenant, mender) by a compare-and-swap of exactly the word that it has
 *          seen, walks from the oldest open claim to the claimed position, clears the oldest open claim, which gates, and
 *          says `mended`; the broker frees the slot, and may give it to process C, which claims. Each mender may die before
 *          any of its steps (two in all, the broker among them: then the next broker begins again); another that has
 *          proved the mender's death takes over, by compare-and-swap too. A lapper is the publisher that goes on: as
 *          soon as nothing gates it writes over where the claim was.
 *          A reader's hint may come at any time, and from a hostile one about anybody: a fellow proves the death itself.
 * P1       no walk touches a record that has been written over since: nobody walks while the ring is lapped.
 * P2       no claim of a living process is aborted.
 * P3       the claim is aborted, the gate is cleared, and nobody is blocked for ever (else: invalid end state).
 * Reach    -DREACH_TAKEN_OVER, -DREACH_LATER, -DREACH_TENANT: must fail: a mender is taken over from, the broker meets a
 *          living mender, the slot has its next tenant while a fellow is about to act on the death of the last.
 * Mutants (each must fail)
 *   -DMUTANT_NO_ARBITRATION  a mender stores the word without a compare: two walk at once, one clears the gate.
 *   -DMUTANT_STATE_ONLY      the compare looks at the state, not at the tenant: a late fellow mends who lives.
 *   -DMUTANT_NO_PROOF        a fellow mends on a hint, without looking itself.
 *   -DMUTANT_BROKER_BARGES   the broker mends although a living fellow is at it: both clear the gate, one while the
 *                            other still walks.
 *   -DMUTANT_NO_TAKE_OVER    nobody takes over from a mender that is dead.
 *   -DMUTANT_CLEAR_FIRST     the gate is cleared before the walk.
 */
#define HELD    1
#define MENDING 2
#define MENDED  3
#define FREE    4
#define BROKER  2                       /* fellows are 0 and 1 */
#define NOBODY  7
#define W(state, tenant, mender) ((state) + 8 * (tenant) + 64 * (mender))
#define STATE(w)  ((w) & 7)
#define TENANT(w) (((w) / 8) & 7)
#define MENDER(w) (((w) / 64) & 7)

short word = W(HELD, 1, NOBODY);
bool gate = true;                       /* slot 0's oldest open claim */
bool aborted = false;                   /* the dead one's claim */
bool lapped = false;                    /* the lapper has written there */
bool alive[3] = true;
byte alive_broker = true;               /* which broker: the next one is another mender */
byte deaths = 2;
byte tenant_claims = 0;                 /* 1: process C has an open claim */
byte menders_done = 0;
bool freed = false;

/* A mender dies before a step, or makes it. */
#define STEP(store) if :: deaths > 0 -> deaths--; goto died :: store fi

inline take(seen, me) {                 /* by compare-and-swap; sets `mine` */
#ifdef MUTANT_NO_ARBITRATION
  STEP(atomic { word = W(MENDING, TENANT(seen), me); mine = true })
#elif defined(MUTANT_STATE_ONLY)
  STEP(atomic { if :: STATE(word) == STATE(seen) -> word = W(MENDING, TENANT(word), me); mine = true :: else fi })
#else
  STEP(atomic { if :: word == seen -> word = W(MENDING, TENANT(seen), me); mine = true :: else fi })
#endif
}

inline walk_and_clear() {
#ifdef MUTANT_CLEAR_FIRST
  STEP(gate = false);
#endif
  if
  :: gate ->
     STEP(assert(!lapped));                                     /* P1: begins to walk */
     assert(tenant_claims == 0);                                /* P2: it would abort that one too */
     STEP(atomic { assert(!lapped); aborted = true })           /* P1: still walking */
  :: else                               /* the one before had come so far */
  fi;
#ifndef MUTANT_CLEAR_FIRST
  STEP(gate = false)
#endif
}

proctype fellow(byte me) {
  short seen;
  byte turns = 2;
  bool mine, gone;
begin:
  do
  :: turns > 0 ->
     atomic { turns--; mine = false; seen = word };
     /* the proof: the first tenant of the slot is dead, who follows lives; a mender may be dead */
     atomic {
#ifdef MUTANT_NO_PROOF
       gone = (STATE(seen) == HELD);
#else
       gone = (STATE(seen) == HELD && TENANT(seen) == 1);
#endif
#ifndef MUTANT_NO_TAKE_OVER
       if
       :: STATE(seen) == MENDING && MENDER(seen) != me && !alive[MENDER(seen)] -> gone = true
       :: else
       fi
#endif
     };
     if
     :: gone ->
#ifdef REACH_TENANT
        assert(TENANT(word) == 1);
#endif
        take(seen, me);
        if
        :: mine ->
#ifdef REACH_TAKEN_OVER
           assert(STATE(seen) != MENDING);
#endif
           walk_and_clear();
           STEP(atomic { if :: word == W(MENDING, TENANT(seen), me) -> word = W(MENDED, TENANT(seen), NOBODY) :: else fi })
        :: else
        fi
     :: else
     fi
  :: else -> break
  od;
  goto out;
died:
  alive[me] = false;
out:
  menders_done++
}

proctype broker() {
  short seen;
  bool mine;
begin:
  atomic { mine = false; seen = word };
  if
  :: STATE(seen) == MENDED -> goto free
  :: STATE(seen) == MENDING && MENDER(seen) != BROKER && alive[MENDER(seen)] ->
#ifdef REACH_LATER
     assert(false);
#endif
#ifdef MUTANT_BROKER_BARGES
     take(seen, BROKER)
#else
     (word != seen || !alive[MENDER(seen)]); goto begin         /* later: it asks again */
#endif
  :: STATE(seen) == FREE -> goto out
  :: STATE(seen) == HELD && TENANT(seen) == 1 -> take(seen, BROKER)
#ifndef MUTANT_NO_TAKE_OVER
  :: STATE(seen) == MENDING && (MENDER(seen) == BROKER || !alive[MENDER(seen)]) -> take(seen, BROKER)
#endif
  fi;
  if :: !mine -> goto begin :: else fi;
  walk_and_clear();
free:
  STEP(word = W(FREE, 1, NOBODY));
  goto out;
died:
  goto begin;                           /* the next broker */
out:
  freed = true;
  run tenant()
}

proctype tenant() {                     /* process C */
  word = W(HELD, 2, NOBODY);
  tenant_claims = 1; gate = true;
  /* ... writes its payload ... */
  assert(word == W(HELD, 2, NOBODY) && gate);                   /* P2 */
  tenant_claims = 0; gate = false
}

proctype lapper() {
  if
  :: atomic { !gate && !freed -> assert(aborted); lapped = true }       /* P3: the gate goes when the claim has an end */
  :: freed
  fi
}

init {
  atomic {
    run fellow(0); run fellow(1); run broker(); run lapper()
  };
  (freed && menders_done == 2 && aborted)                       /* P3 */
}
