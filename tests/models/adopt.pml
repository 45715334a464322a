/* adopt: who holds a place, by the broker's ledger and by the channel's memory, over the broker's death.
 *
 * Models   one place of one channel; clients 1 and 2, which come, ask for it, use it, leave it, ask again, and may die at
 *          any moment; a broker that may be killed before any of its steps, and the next one, which takes over.
 *            grant      a new number; ledger entry; memory (who, then held); answer;
 *            take back  memory (nobody, then free), by a thread of its own; then the ledger entry; then the place is free.
 *          Adoption: an entry whose client is dead, or whose place in the memory is free or was left, is taken back; so is
 *          a place that has no entry and is not free in the memory. Whoever comes back says the number of the last grant
 *          that it was answered: later ones it does not know, they are taken back, and so is what it has left meanwhile.
 *          What is on its way when a broker dies is lost, or still read. Fellows go on: one mends the place of the dead.
 *          An entry is filled in, then `live`; it is erased by `live` alone.
 * P1       a place that a living client uses is given to nobody else and is not freed.
 * P2       a place that nobody uses is free in the end: in the ledger, in the memory and for the broker; also where the
 *          answer to a grant was lost.
 * P3       no broker goes by an entry that is half made.
 * Flags    -DKILLS= of the broker, -DDEATHS= of clients, -DJOINS= how often each asks, -DTRUST_LEDGER adoption looks at the
 *          memory only where the ledger has an entry: the two orders are enough for that. (Where it looks at both, the
 *          orders could be exchanged, as a grant is answered behind both and a place is given anew behind both.)
 * Reach    -DREACH_LOST, -DREACH_LEFT: must fail: a grant is taken back whose answer was lost; one that comes back has left
 *          its place between the adoption and that.
 * Mutants (each must fail)
 *   -DMUTANT_ANSWER_FIRST     the answer is sent before the ledger knows.
 *   -DTRUST_LEDGER -DMUTANT_SEGMENT_FIRST  a grant is in the memory before it is in the ledger.
 *   -DTRUST_LEDGER -DMUTANT_LEDGER_FIRST   the entry is erased before the memory is freed.
 *   -DMUTANT_GRANT_EARLY      a place is given before it is taken back to the end.
 *   -DMUTANT_NO_LAST_GRANT    nobody asks which grants the client knows.
 *   -DMUTANT_NO_LOOK_AT_LEFT  who comes back is not asked what it has left.
 *   -DMUTANT_NO_SESSIONS      adoption frees what a client holds that is not connected.
 *   -DMUTANT_LIVE_FIRST       `live` is stored before what it stands for.
 */
#ifndef KILLS
#define KILLS 2
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef JOINS
#define JOINS 1
#endif

mtype = { FREE, HELD, LEFT, MENDED, HELLO, ASK, GIVE_BACK };

/* what outlives the broker */
bool live = false;                      /* the ledger's entry */
byte entry_session = 0, entry_grant = 0;
bool half_made = false;                 /* ghost */
byte last_number = 0;
mtype state = FREE;                     /* the channel's memory */
byte member = 0;

/* the clients: 1 and 2 */
bool uses[3], dead[3];
byte deaths = DEATHS;
byte kills = KILLS;
byte broker = 0;                        /* which one; clients see that their connection ends */
bool serves = false;

chan request = [3] of { mtype, byte, byte, byte };      /* what, client, its last grant, to which broker */
chan answer[3] = [1] of { byte };                       /* a grant's number, 0: refused */

#define NOBODY_USES (!uses[1] && !uses[2])
#define GONE 3

proctype client(byte me) {
  byte last = 0, joins = JOINS, known = 0, grant;
  bool asked = false, tells = false;
end:
  do
  :: atomic { serves && known != broker && !asked && nfull(request) ->
       request ! HELLO, me, last, broker; known = broker; tells = false }
  :: atomic { joins > 0 && !asked && !uses[me] && !tells && serves && known == broker && nfull(request) ->
       request ! ASK, me, 0, broker; joins--; asked = true }
  :: atomic { asked && nempty(answer[me]) ->
       answer[me] ? grant; asked = false;
       if
       :: grant > 0 -> last = grant; uses[me] = true; assert(!uses[3 - me] && state == HELD && member == me)     /* P1 */
       :: else
       fi;
       grant = 0
     }
  :: atomic { asked && known != broker ->       /* the connection has ended; what was not read is lost */
       if :: answer[me] ? grant :: empty(answer[me]) fi; grant = 0; asked = false }
  :: uses[me] ->
     assert(state == HELD && member == me);                     /* P1 */
     uses[me] = false;
     state = LEFT; tells = true
  :: tells && known != broker -> tells = false
  :: atomic { tells && known == broker && serves && nfull(request) ->
       request ! GIVE_BACK, me, 0, broker; tells = false }
  :: deaths > 0 -> atomic { deaths--; dead[me] = true; uses[me] = false }; break
  od;
  if :: answer[me] ? grant :: empty(answer[me]) fi
}

proctype fellow() {
end:
  atomic { state == HELD && member > 0 && dead[member] -> state = MENDED }
}

/* A broker is killed before a step, or makes it. */
#define STEP(store) if :: kills > 0 -> kills--; goto killed :: store fi

inline note() {
#ifdef MUTANT_LIVE_FIRST
  STEP(atomic { live = true; half_made = true });
#endif
  STEP(atomic { entry_session = c; if :: live :: else -> half_made = true fi });
  STEP(atomic { entry_grant = number; half_made = false });
#ifndef MUTANT_LIVE_FIRST
  STEP(live = true)
#endif
}
inline give() {
  STEP(member = c);
  STEP(state = HELD)
}
inline send_answer() { STEP(if :: atomic { nfull(answer[c]) -> answer[c] ! number } :: dead[c] fi) }

#ifdef MUTANT_GRANT_EARLY
#define WANT_BACK reaps = 1; holder = 0
#else
#define WANT_BACK reaps = 1
#endif

proctype the_broker() {
  byte holder, granted, reaps, number, c, last, to;
  mtype what;
begin:
  /* adoption; nobody is served yet */
  atomic { broker++; holder = 0; granted = 0; reaps = 0; number = 0; what = 0; c = 0; last = 0; to = 0 };
  STEP(skip);
  atomic {
    if
    :: live ->
       assert(!half_made);                                      /* P3 */
       granted = entry_grant;
       holder = (dead[entry_session] -> GONE : entry_session);
       if
       :: holder == GONE || state == FREE || state == LEFT -> WANT_BACK
#ifdef MUTANT_NO_SESSIONS
       :: else -> holder = GONE; WANT_BACK
#else
       :: else
#endif
       fi
    :: !live ->
#ifndef TRUST_LEDGER
       if :: state != FREE -> holder = GONE; WANT_BACK :: else fi
#endif
    fi;
    half_made = false;
    serves = true
  };
end:
  do
  :: reaps > 0 ->                       /* the housekeeper's part, then what is done when it has come to its end */
     if
     :: reaps == 1 ->
#ifdef MUTANT_LEDGER_FIRST
        STEP(live = false);
#endif
        STEP(atomic { member = 0; reaps = 2 })
     :: reaps == 2 -> STEP(atomic { assert(NOBODY_USES); state = FREE; reaps = 3 })      /* P1 */
     :: reaps == 3 ->
        STEP(atomic {
          live = false;
#ifndef MUTANT_GRANT_EARLY
          holder = 0;
#endif
          reaps = 0 })
     fi
  :: (holder == 1 || holder == 2) && dead[holder] && reaps == 0 -> WANT_BACK
  :: request ? what, c, last, to ->
     if
     :: to != broker
     :: to == broker && what == HELLO && holder == c && reaps == 0 ->
        STEP(skip);
        atomic {
          if
#ifndef MUTANT_NO_LOOK_AT_LEFT
          :: state == LEFT ->
#ifdef REACH_LEFT
             assert(false);
#endif
             WANT_BACK
#endif
#ifndef MUTANT_NO_LAST_GRANT
          :: granted > last ->
#ifdef REACH_LOST
             assert(state != HELD);
#endif
             WANT_BACK
#endif
          :: else
          fi
        }
     :: to == broker && what == GIVE_BACK && holder == c && state == LEFT && reaps == 0 -> WANT_BACK
     :: to == broker && what == ASK && holder == 0 ->
        STEP(atomic { last_number++; number = last_number });
        assert(NOBODY_USES);                                    /* P1 */
        atomic { holder = c; granted = number };
#if defined(MUTANT_ANSWER_FIRST)
        give(); send_answer(); note()
#elif defined(MUTANT_SEGMENT_FIRST)
        give(); note(); send_answer()
#else
        note(); give(); send_answer()
#endif
     :: to == broker && what == ASK && holder != 0 -> number = 0; send_answer()
     :: else
     fi;
     atomic { what = 0; c = 0; last = 0; to = 0; number = 0 }
  od;
killed:
  atomic {
    serves = false;
    do :: request ? what, c, last, to :: empty(request) -> break od
  };
  goto begin
}

proctype judge() {
  timeout;
  assert(!uses[1] && !uses[2] && !live && state == FREE)        /* P2 */
}

init { atomic { run client(1); run client(2); run the_broker(); run fellow(); run judge() } }
